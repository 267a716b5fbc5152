//! Asks a running node whether it is ready: for containers and scripts that have no HTTP client.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Deadline of each step.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most bytes of an answer that are read.
const LONGEST: u64 = 64 * 1024;

/// Whether the node that listens on `host` and `port` is ready, and the body of its answer.
pub(super) fn ask(host: IpAddr, port: u16) -> io::Result<(bool, String)> {
    let address = SocketAddr::new(reachable(host), port);
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(connection, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.take(LONGEST).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok((head.split(' ').nth(1) == Some("200"), body.trim_end().to_owned()))
}

/// A node that listens everywhere is asked on the loopback interface.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn the_status_decides() {
        for (answer, ready, words) in [
            ("HTTP/1.1 200 OK\r\n\r\nready\n", true, "ready"),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready: leaving\n", false, "not ready: leaving"),
            ("SSH-2.0-x\r\n", false, ""),
            ("", false, ""),
        ] {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = server.local_addr().unwrap().port();
            let node = thread::spawn(move || {
                let (mut asked, _) = server.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    asked.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                asked.write_all(answer.as_bytes()).unwrap();
                String::from_utf8(request).unwrap()
            });
            let asked = ask(Ipv4Addr::UNSPECIFIED.into(), port).unwrap();
            assert_eq!(asked, (ready, words.to_owned()), "{answer:?}");
            assert!(node.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
        }
    }

    #[test]
    fn nobody_there_is_an_error() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(ask(Ipv4Addr::LOCALHOST.into(), free).is_err());
    }
}
