//! A request sent on to another server, for tests that stand between the program and a provider.

use super::server::Received;

/// What came back.
pub(crate) struct Passed {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Passed {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request on as it came, to the server at this address.
pub(crate) fn on(url: &str, asked: &Received) -> Passed {
    let method = reqwest::Method::from_bytes(asked.method.as_bytes()).unwrap();
    let mut request = client().request(method, format!("{url}{}", asked.path)).body(asked.body.clone());
    for (name, value) in asked.headers.iter().filter(|(name, _)| name != "content-length") {
        request = request.header(name, value);
    }
    let answer = request.send().unwrap();
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = answer.headers().iter().map(header).collect();
    Passed { status: answer.status().as_u16(), headers, body: answer.text().unwrap() }
}

/// A client that follows nothing and passes no proxy.
pub(crate) fn client() -> reqwest::blocking::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let building =
        reqwest::blocking::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    building.build().unwrap()
}
