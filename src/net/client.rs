//! Sends requests: TLS by the system's trust store, proxies of the environment, no redirect followed, bodies and
//! times bounded.

use std::error::Error as _;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::blocking;
use url::Url;

use super::endpoints::is_loopback;
use super::pace::{Closed, Pace, is_limited, lock};
use super::{Answer, Credentials, Endpoints, Kind, Trust, guard};
use crate::model::{Method, Secret};

/// More of a body is not read.
const LARGEST: u64 = 1024 * 1024;

/// How often a question is asked again that came too early.
const AGAIN: u32 = 2;

/// What a person can set.
#[derive(Default)]
pub struct Options {
    /// Their own servers.
    pub endpoints: Endpoints,
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// The person's own credentials.
    pub credentials: Credentials,
    /// How long a request may take.
    pub timeout: Option<Duration>,
    /// Is told of every request, in words that hold no secret.
    pub watch: Option<Box<Watch>>,
}

/// Is told of a request.
pub type Watch = dyn Fn(&Sent<'_>) + Send + Sync;

/// A request that was sent, as far as it may be told.
#[derive(Debug)]
pub struct Sent<'a> {
    /// Its method.
    pub method: &'static str,
    /// The host and port it went to.
    pub host: &'a str,
    /// The template of its URL.
    pub template: &'a str,
    /// The status of the answer.
    pub status: Option<u16>,
}

/// A request, filled in.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The template of the URL.
    pub(super) template: &'static str,
    /// Whether the person named the host.
    pub(super) named: bool,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) body: Secret,
    pub(super) kind: Kind,
}

/// Why there is no answer, or none that means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The connection could not be made: nothing was sent.
    Unreachable(String),
    /// The connection broke after something may have been sent.
    Cut(String),
    /// No answer came in time; something may have been sent.
    TimedOut,
    /// The host wants no more for so many seconds; it did nothing.
    Limited(u64),
    /// The host failed too often in this run and is not asked any more.
    GivenUp,
    /// The answer is larger than what is read.
    TooLarge,
    /// The request cannot be written down: what is filled in does not fit there.
    Unwritable(String),
}

impl Trouble {
    /// Whether nothing was done for sure.
    pub fn nothing_done(&self) -> bool {
        matches!(
            self,
            Trouble::Unreachable(_) | Trouble::Limited(_) | Trouble::GivenUp | Trouble::Unwritable(_)
        )
    }
}

/// Sends requests, at the pace that hosts bear. May be shared between threads.
pub struct Client {
    options: Options,
    pace: Pace,
    public: OnceLock<Result<blocking::Client, String>>,
    named: OnceLock<Result<blocking::Client, String>>,
    local: OnceLock<Result<blocking::Client, String>>,
}

impl Client {
    /// A client; nothing is opened before the first request.
    pub fn new(options: Options) -> Client {
        Client {
            options,
            pace: Pace::default(),
            public: OnceLock::new(),
            named: OnceLock::new(),
            local: OnceLock::new(),
        }
    }

    /// Whose certificates are trusted.
    pub fn trust(&self) -> &Trust {
        &self.options.trust
    }

    /// How long a request may take.
    pub fn timeout(&self) -> Duration {
        self.options.timeout.unwrap_or(Duration::from_secs(20))
    }

    /// The person's own credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.options.credentials
    }

    /// The person's own servers.
    pub fn endpoints(&self) -> &Endpoints {
        &self.options.endpoints
    }

    /// Sends a request when it is its turn.
    pub(super) fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        let name = host_and_port(&request.url);
        let host = self.pace.host(&name);
        let mut host = lock(&host);
        let mut again = if request.kind == Kind::Change { 0 } else { AGAIN };
        loop {
            host.wait().map_err(|closed| match closed {
                Closed::Limited(time) => Trouble::Limited(time.as_secs().max(1)),
                Closed::GivenUp => Trouble::GivenUp,
            })?;
            let answer = self.transmit(request);
            host.note(request.kind, answer.as_ref().ok());
            if let Some(watch) = &self.options.watch {
                let status = answer.as_ref().ok().map(|answer| answer.status);
                watch(&Sent {
                    method: request.method.as_str(),
                    host: &name,
                    template: request.template,
                    status,
                });
            }
            match answer {
                Ok(answer) if is_limited(&answer) && again > 0 => again -= 1,
                Ok(answer) if is_limited(&answer) => return Err(Trouble::Limited(1)),
                answer => return answer,
            }
        }
    }

    fn transmit(&self, request: &Request) -> Result<Answer, Trouble> {
        let client = self.client(request).map_err(Trouble::Unreachable)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut building = client.request(method, request.url.clone());
        for (name, value) in &request.headers {
            let mut value = reqwest::header::HeaderValue::from_bytes(value.expose()).map_err(|_| {
                Trouble::Unwritable(format!("the value for the header {name} does not fit there"))
            })?;
            value.set_sensitive(true);
            building = building.header(name, value);
        }
        if !request.body.expose().is_empty() {
            building = building.body(request.body.expose().to_vec());
        }
        let mut response = building.send().map_err(trouble)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = zeroize::Zeroizing::new(Vec::new());
        let read = (&mut response).take(LARGEST + 1).read_to_end(&mut body);
        match read {
            Ok(size) if size as u64 > LARGEST => Err(Trouble::TooLarge),
            Ok(_) => Ok(Answer::new(status, headers, &body)),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Err(Trouble::TimedOut),
            Err(_) => Err(Trouble::Cut("the answer broke off".into())),
        }
    }

    /// The client for a request: hosts of rules must be on the internet, and what goes to this machine passes no
    /// proxy.
    fn client(&self, request: &Request) -> Result<&blocking::Client, String> {
        let local = is_loopback(&request.url);
        let kept = match (request.named, local) {
            (_, true) => &self.local,
            (true, false) => &self.named,
            (false, false) => &self.public,
        };
        let built = kept.get_or_init(|| {
            let building = self.builder()?;
            let building = if local { building.no_proxy() } else { building };
            let building = if request.named || local {
                building
            } else {
                building.dns_resolver(Arc::new(guard::PublicOnly))
            };
            building.build().map_err(|error| chain(&error))
        });
        built.as_ref().map_err(String::clone)
    }

    fn builder(&self) -> Result<blocking::ClientBuilder, String> {
        // An error says that one is installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let building = blocking::Client::builder()
            .user_agent(concat!("stanch/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(Duration::from_secs(10))
            .timeout(self.timeout());
        Ok(building.tls_certs_merge(self.options.trust.added()?))
    }
}

fn trouble(error: reqwest::Error) -> Trouble {
    match error {
        error if error.is_connect() || error.is_builder() => Trouble::Unreachable(chain(&error)),
        error if error.is_timeout() => Trouble::TimedOut,
        error => Trouble::Cut(chain(&error)),
    }
}

/// What went wrong, from the last cause, which names no URL.
fn chain(error: &reqwest::Error) -> String {
    let mut last = error.source();
    while let Some(next) = last.and_then(|error| error.source()) {
        last = Some(next);
    }
    last.map_or_else(|| "the request could not be sent".into(), ToString::to_string)
}

/// How a host is told from others.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
