//! A connection to a server: with or without TLS, one time for all that is done on it, and no more read than an honest
//! server sends in a login.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use super::Halt;
use super::address::Host;
use super::tls::{self, Identity, Need, Wish};
use crate::net::Trust;

/// More than this is not read from a server, in all. A login takes a few kilobytes.
const MOST: usize = 256 * 1024;

/// More than this is no line of a server (RFC 5321, 4.5.3.1.5, has 512; Redis writes about as much).
const LONGEST_LINE: usize = 4096;

/// A connection.
pub(super) struct Wire<'a> {
    socket: Socket,
    host: String,
    wish: Wish,
    trust: &'a Trust,
    /// Whether the server is this machine.
    is_local: bool,
    tls: Option<(ClientConnection, Identity)>,
}

impl<'a> Wire<'a> {
    /// Connects to the first address of the host that answers.
    pub(super) fn connect(
        host: &Host,
        (wish, trust): (Wish, &'a Trust),
        deadline: Instant,
    ) -> Result<Wire<'a>, Halt> {
        let addresses = resolve(host, deadline)?;
        let mut last = Halt::Unreachable("the name of the host leads nowhere".into());
        for (index, address) in addresses.iter().enumerate() {
            let share = remaining(deadline)? / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
                Ok(tcp) => {
                    // Without it small messages may wait; a system that cannot do it is only slower.
                    let _ = tcp.set_nodelay(true);
                    return Ok(Wire {
                        socket: Socket { tcp, deadline, left: MOST },
                        host: host.name.clone(),
                        wish,
                        trust,
                        is_local: address.ip().to_canonical().is_loopback(),
                        tls: None,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => last = Halt::TimedOut,
                Err(error) => last = Halt::Unreachable(error.kind().to_string()),
            }
        }
        Err(last)
    }

    /// The same connection as if it left this machine.
    #[cfg(test)]
    pub(super) fn far_away(mut self) -> Wire<'a> {
        self.is_local = false;
        self
    }

    /// Whether TLS is still to be asked for.
    pub(super) fn wants_tls(&self) -> bool {
        self.tls.is_none() && self.wish.need != Need::Never
    }

    pub(super) fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Begins TLS.
    pub(super) fn start_tls(&mut self) -> Result<(), Halt> {
        let no_tls = |why| Halt::Unclear(format!("TLS cannot begin: {why}"));
        let (mut connection, judge) = tls::client(&self.host, self.wish, self.trust).map_err(no_tls)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut self.socket).map_err(halt)?;
        }
        self.tls = Some((connection, judge.identity()));
        Ok(())
    }

    /// Goes on without TLS, which the server does not have.
    pub(super) fn go_without_tls(&self) -> Result<(), Halt> {
        match self.wish.need {
            Need::Always => Err(Halt::unclear("the server has no TLS, and the address wants it")),
            Need::Never | Need::IfOffered => Ok(()),
        }
    }

    /// What must be asked before a password is sent that the server, or who listens, can read: the connection does not
    /// leave this machine, or is encrypted to a server that is known, or the URI says that it needs neither.
    pub(super) fn may_tell_password(&self) -> Result<(), Halt> {
        match &self.tls {
            _ if self.is_local => Ok(()),
            Some((_, Identity::Sure | Identity::AsWished)) => Ok(()),
            None if self.wish.wants_none() => Ok(()),
            Some((_, Identity::Doubtful)) => Err(stranger()),
            None => Err(Halt::unclear(
                "the server wants the password in clear text, and the connection is not encrypted",
            )),
        }
    }

    /// The same where it makes no difference that the URI wants no certificate checked.
    pub(super) fn may_tell_password_to_known(&self) -> Result<(), Halt> {
        match &self.tls {
            Some((_, Identity::AsWished)) if !self.is_local => Err(stranger()),
            _ => self.may_tell_password(),
        }
    }

    /// Sends a whole message.
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), Halt> {
        let Wire { socket, tls, .. } = self;
        let sent = match tls {
            None => socket.write_all(message),
            Some((connection, _)) => {
                let mut stream = rustls::Stream::new(connection, socket);
                stream.write_all(message).and_then(|()| stream.flush())
            }
        };
        sent.map_err(halt)
    }

    /// Fills a buffer.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Halt> {
        let Wire { socket, tls, .. } = self;
        let filled = match tls {
            None => socket.read_exact(buffer),
            Some((connection, _)) => rustls::Stream::new(connection, socket).read_exact(buffer),
        };
        filled.map_err(halt)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Halt> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    /// So many bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<Vec<u8>, Halt> {
        if length > MOST {
            return Err(Halt::strange());
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The next line, without its end. Nothing behind it is read: TLS may begin there.
    pub(super) fn line(&mut self) -> Result<Vec<u8>, Halt> {
        let mut line = vec![];
        while line.len() < LONGEST_LINE {
            match self.array()? {
                [b'\n'] => {
                    line.pop_if(|last| *last == b'\r');
                    return Ok(line);
                }
                [byte] => line.push(byte),
            }
        }
        Err(Halt::strange())
    }
}

fn stranger() -> Halt {
    Halt::unclear(
        "the server wants the password itself, and its certificate is none that is trusted here; --ca-bundle adds one",
    )
}

/// The addresses of a host. The system's resolver knows no time-out; when it takes too long, it is left alone.
fn resolve(host: &Host, deadline: Instant) -> Result<Vec<SocketAddr>, Halt> {
    let Host { name, port } = host.clone();
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let asked = thread::Builder::new().spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // An error says that nobody waits any more.
        let _ = sender.send(found);
    });
    if asked.is_err() {
        return Err(Halt::unclear("this machine has no thread left"));
    }
    match receiver.recv_timeout(remaining(deadline)?) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(Halt::Unreachable("the name of the host is not known".into())),
        Err(_) => Err(Halt::TimedOut),
    }
}

fn remaining(deadline: Instant) -> Result<Duration, Halt> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(Halt::TimedOut) } else { Ok(left) }
}

/// What an error of a connection means; nothing of what was sent or read is in it.
fn halt(error: io::Error) -> Halt {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (error.kind(), cause) {
        (_, Some(cause)) => Halt::Unclear(format!("TLS failed: {cause}")),
        (io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock, _) => Halt::TimedOut,
        (io::ErrorKind::UnexpectedEof, _) => Halt::unclear("the server ended the connection"),
        (io::ErrorKind::FileTooLarge, _) => Halt::unclear("the server sends more than is read"),
        (kind, _) => Halt::Unclear(format!("the connection broke: {kind}")),
    }
}

/// A socket whose every read and write ends when the time is over.
struct Socket {
    tcp: TcpStream,
    deadline: Instant,
    /// So many bytes are still read.
    left: usize,
}

impl Socket {
    fn time_left(&self) -> io::Result<Duration> {
        remaining(self.deadline).map_err(|_| io::ErrorKind::TimedOut.into())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.tcp.set_read_timeout(Some(self.time_left()?))?;
        let length = buffer.len().min(self.left);
        let read = self.tcp.read(&mut buffer[..length])?;
        self.left -= read;
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.time_left()?))?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
