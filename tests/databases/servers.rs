//! Real servers as child processes on free loopback ports, with their data in temporary folders.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to start: RabbitMQ takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Some servers do not run as root.
const NOBODY: u32 = 65534;

/// Where programs are that are not in the path.
const FOLDERS: &[&str] = &["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib/rabbitmq/bin"];

pub(crate) const RIGHT: &str = "tulip-7/Q:x";
/// The same, as an address has it.
pub(crate) const WRITTEN: &str = "tulip-7%2FQ%3Ax";

/// A program, or a line that says that it is missing; where there must be all, it fails.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
        // Past the capture of the test's output: whoever runs the tests is to see it.
        let _ = writeln!(std::io::stderr(), "skipped: {name} is not installed");
    }
    found
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running server, ended with its children when it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    pub(crate) folder: TempDir,
    children: Vec<Child>,
}

impl Server {
    fn new() -> Server {
        let folder = tempfile::Builder::new().prefix("stanch-db-").tempdir().unwrap();
        hand_over(folder.path());
        Server { port: free_port(), tls_port: free_port(), folder, children: vec![] }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        hand_over(Path::new(&path));
        path
    }

    /// Starts a program and waits until somebody listens at the port.
    fn start(mut self, mut command: Command) -> Server {
        let name = format!("{command:?}");
        let log = fs::File::create(self.path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        self.children.push(command.spawn().unwrap());
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.children.last_mut().unwrap().try_wait().unwrap();
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "{name} does not start:\n{log}");
            thread::sleep(Duration::from_millis(50));
        }
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            let _ = child.wait();
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn hand_over(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// A command as somebody who is not root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn run(command: &mut Command, input: &str) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}\n{told}");
}

/// An authority and a certificate of it for 127.0.0.1, in PEM.
pub(crate) struct Certificate {
    pub(crate) authority: String,
    pub(crate) own: String,
    pub(crate) key: String,
}

pub(crate) fn certificate() -> Option<Certificate> {
    let openssl = program("openssl")?;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let openssl = |words: &str| {
        let words = words.split(' ').map(|word| word.strip_prefix('@').map_or(word.to_owned(), path));
        run(Command::new(&openssl).args(words), "");
    };
    fs::write(path("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout @ca.key -out @ca.pem -days 2 -subj /CN=authority");
    openssl("req -newkey rsa:2048 -nodes -keyout @key -out @request -subj /CN=server");
    openssl(
        "x509 -req -in @request -CA @ca.pem -CAkey @ca.key -CAcreateserial -out @own -days 2 -extfile @names",
    );
    let read = |name: &str| fs::read_to_string(path(name)).unwrap();
    Some(Certificate { authority: read("ca.pem"), own: read("own"), key: read("key") })
}

/// Users: `joe` (SCRAM), `ann` (MD5), `pat` (the password itself), `tom` (no password); nobody else is let in.
pub(crate) fn postgres() -> Option<Server> {
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
    let certificate = certificate()?;
    let server = Server::new();
    let data = server.path("data");
    run(command(&initdb).args(["-D", &data, "-U", "admin", "-A", "trust", "-E", "UTF8", "--no-sync"]), "");
    let users = format!(
        "CREATE ROLE joe LOGIN PASSWORD '{RIGHT}';\nCREATE ROLE pat LOGIN PASSWORD '{RIGHT}';\n\
         SET password_encryption = md5;\nCREATE ROLE ann LOGIN PASSWORD '{RIGHT}';\n\
         CREATE ROLE tom LOGIN;\nCREATE DATABASE closed;\nREVOKE ALL ON DATABASE closed FROM PUBLIC;\n"
    );
    run(command(&postgres).args(["--single", "-D", &data, "postgres"]), &users);
    server.write(
        "data/pg_hba.conf",
        "host all joe 127.0.0.1/32 scram-sha-256\nhost all ann 127.0.0.1/32 md5\n\
         host all pat 127.0.0.1/32 password\nhost all tom 127.0.0.1/32 trust\n",
    );
    server.write("data/own.pem", &certificate.own);
    server.write("data/key.pem", &certificate.key);
    server.write("authority.pem", &certificate.authority);
    let mut start = command(&postgres);
    start.args(["-D", &data, "-k", &server.path(""), "-c", "listen_addresses=127.0.0.1", "-F"]);
    start.args(["-c", "ssl=on", "-c", "ssl_cert_file=own.pem", "-c", "ssl_key_file=key.pem"]);
    start.args(["-p", &server.port.to_string()]);
    let server = server.start(start);
    // It listens before it lets anyone in.
    let log = || fs::read_to_string(server.path("log")).unwrap_or_default();
    let begin = Instant::now();
    while !log().contains("ready to accept connections") {
        assert!(begin.elapsed() < PATIENCE, "postgres does not start:\n{}", log());
        thread::sleep(Duration::from_millis(50));
    }
    Some(server)
}

/// Users: `joe`, `ann` (Ed25519), `tls` (only with TLS).
pub(crate) fn mariadb() -> Option<Server> {
    let (install, mariadbd) = (program("mariadb-install-db")?, program("mariadbd")?);
    let certificate = certificate()?;
    let server = Server::new();
    let data = format!("--datadir={}", server.path("data"));
    run(command(&install).args(["--no-defaults", &data, "--skip-test-db"]), "");
    let mut users: String = [("joe", ""), ("tls", " REQUIRE SSL")]
        .map(|(user, rest)| format!("CREATE USER {user}@'%' IDENTIFIED BY '{RIGHT}'{rest};\n"))
        .concat();
    users.push_str("INSTALL SONAME 'auth_ed25519';\n");
    users.push_str(&format!("CREATE USER ann@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{RIGHT}');\n"));
    let users = server.write("users.sql", users);
    server.write("authority.pem", &certificate.authority);
    let (own, key) = (server.write("own.pem", &certificate.own), server.write("key.pem", &certificate.key));
    let mut start = command(&mariadbd);
    start.args(["--no-defaults", &data, "--bind-address=127.0.0.1", "--skip-name-resolve"]);
    start.args([format!("--port={}", server.port), format!("--socket={}", server.path("socket"))]);
    start.args([format!("--init-file={users}"), format!("--ssl-cert={own}"), format!("--ssl-key={key}")]);
    start.arg(format!("--pid-file={}", server.path("pid")));
    Some(server.start(start))
}

/// Users: `default` and `joe`; `open` is one without a password for `default`.
pub(crate) fn redis(open: bool) -> Option<Server> {
    let redis = program("redis-server")?;
    let certificate = certificate()?;
    let server = Server::new();
    server.write("authority.pem", &certificate.authority);
    let (own, key) = (server.write("own.pem", &certificate.own), server.write("key.pem", &certificate.key));
    let (port, tls, folder) = (server.port, server.tls_port, server.path(""));
    let mut settings = format!(
        "port {port}\ntls-port {tls}\ntls-cert-file {own}\ntls-key-file {key}\ntls-auth-clients no\n\
         tls-ca-cert-file {folder}/authority.pem\nbind 127.0.0.1\ndir {folder}\nsave \"\"\n\
         user joe on >{RIGHT} ~* +ping +hello\n"
    );
    if !open {
        settings.push_str(&format!("requirepass {RIGHT}\n"));
    }
    let settings = server.write("redis.conf", settings);
    let mut start = command(&redis);
    start.arg(settings);
    Some(server.start(start))
}

/// User: `cn=joe,cn=acme`.
pub(crate) fn slapd() -> Option<Server> {
    let slapd = program("slapd")?;
    let certificate = certificate()?;
    let server = Server::new();
    server.write("authority.pem", &certificate.authority);
    let (own, key) = (server.write("own.pem", &certificate.own), server.write("key.pem", &certificate.key));
    let folder = server.path("");
    let settings = format!(
        "modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/pid\nTLSCertificateFile {own}\n\
         TLSCertificateKeyFile {key}\ndatabase mdb\nsuffix cn=acme\nrootdn cn=joe,cn=acme\n\
         rootpw {RIGHT}\ndirectory {folder}\n"
    );
    let settings = server.write("slapd.conf", settings);
    let mut start = command(&slapd);
    let places = format!("ldap://127.0.0.1:{} ldaps://127.0.0.1:{}", server.port, server.tls_port);
    start.args(["-d", "0", "-f", &settings, "-h", &places]);
    Some(server.start(start))
}

/// User: `joe`.
pub(crate) fn rabbitmq() -> Option<Server> {
    let (rabbitmq, epmd) = (program("rabbitmq-server")?, program("epmd")?);
    // The one in the path of Debian wants to be root.
    let rabbitmq = if Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").is_file() {
        PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server")
    } else {
        rabbitmq
    };
    let certificate = certificate()?;
    let mut server = Server::new();
    server.write("authority.pem", &certificate.authority);
    let (own, key) = (server.write("own.pem", &certificate.own), server.write("key.pem", &certificate.key));
    let (names, folder) = (free_port().to_string(), server.path(""));
    let mut daemon = command(&epmd);
    daemon.args(["-port", &names, "-address", "127.0.0.1"]).process_group(0);
    server.children.push(daemon.spawn().unwrap());
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{}\nlisteners.ssl.1 = 127.0.0.1:{}\nssl_options.certfile = {own}\n\
         ssl_options.keyfile = {key}\ndefault_user = joe\ndefault_pass = {RIGHT}\n",
        server.port, server.tls_port
    );
    server.write("rabbitmq.conf", settings);
    let mut start = command(&rabbitmq);
    start.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", &folder);
    start.env("ERL_EPMD_PORT", &names).env("ERL_EPMD_ADDRESS", "127.0.0.1");
    start.env("RABBITMQ_NODENAME", format!("stanch{}@localhost", server.port));
    start.env("RABBITMQ_DIST_PORT", free_port().to_string());
    start.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
    start.env("RABBITMQ_CONFIG_FILE", format!("{folder}/rabbitmq.conf"));
    for (name, place) in [
        ("MNESIA_BASE", "mnesia"),
        ("LOG_BASE", "logs"),
        ("ENABLED_PLUGINS_FILE", "plugins"),
        ("PID_FILE", "pid"),
        ("FEATURE_FLAGS_FILE", "flags"),
        ("GENERATED_CONFIG_DIR", "config"),
        ("PLUGINS_EXPAND_DIR", "expand"),
    ] {
        start.env(format!("RABBITMQ_{name}"), format!("{folder}/{place}"));
    }
    Some(server.start(start))
}
