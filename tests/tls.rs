//! Requests over TLS: whom they trust, and whom not. The server is python3's, its certificate is made by openssl.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Project, Ran, token};

/// Answers as GitHub does; says its port once it listens.
const SERVER: &str = r#"
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"login":"octocat"}'
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('own.pem', 'own.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A project with a token, an authority, and a server on this machine whose certificate is of that authority.
fn with_server() -> (Project, Server, String) {
    let project = Project::of(&[("a.env", &format!("GITHUB_TOKEN={}\n", token(1)))]);
    project.write("names", "subjectAltName = DNS:localhost\n");
    let openssl = |args: &str| project.command("openssl", args.split(' '));
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem",
    );
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout own.key -out own.csr");
    openssl(
        "x509 -req -in own.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile names -out own.pem",
    );
    let mut child = Command::new("python3")
        .args(["-c", SERVER])
        .current_dir(project.path(""))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let endpoint = format!("github=https://localhost:{}", port.trim());
    (project, Server(child), endpoint)
}

fn verdict(ran: &Ran) -> String {
    let verdict = &ran.json()["findings"][0]["verdict"];
    format!("{} {}", verdict["state"].as_str().unwrap(), verdict["reason"].as_str().unwrap_or_default())
}

#[test]
fn a_server_is_trusted_by_its_authority_and_no_other() {
    let (project, _server, endpoint) = with_server();
    let args = ["verify", "a.env", "--format", "json", "--endpoint", &endpoint];
    assert_eq!(verdict(&project.stanch(args).run()), "unknown unreachable", "nobody vouches for it");
    let trusting = [&args[..], &["--ca-bundle", "authority.pem"]].concat();
    assert_eq!(verdict(&project.stanch(trusting).run()), "live ");
    let file = project.path("authority.pem").display().to_string();
    assert_eq!(verdict(&project.stanch(args).env("SSL_CERT_FILE", &file).run()), "live ");
    let by_address = endpoint.replace("localhost", "127.0.0.1");
    let args =
        ["verify", "a.env", "--format", "json", "--endpoint", &by_address, "--ca-bundle", "authority.pem"];
    assert_eq!(verdict(&project.stanch(args).run()), "unknown unreachable", "it is not of that name");
}

#[test]
fn what_is_no_certificate_is_told() {
    let project = Project::of(&[("a.env", "x=1\n"), ("empty.pem", ""), ("text.pem", "no certificate\n")]);
    for name in ["empty.pem", "text.pem", "missing.pem"] {
        project.stanch(["verify", "a.env", "--ca-bundle", name]).run().exits(2).has(name);
    }
}
