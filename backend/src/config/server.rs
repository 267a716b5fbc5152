//! Where the node listens and whom it trusts.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::{ArgAction, Args};

use super::{Secret, SecretError, values};

/// How far the default port for operators is from the port for everybody.
const ADMIN_OFFSET: u16 = 1000;

/// Fewest characters of a secret.
const SECRET_CHARS: usize = 32;

/// Where the node listens and whom it trusts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct Server {
    /// Address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for everybody.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_name = "IP", value_parser = values::ip)]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "PORT", default_value_t = 8080, value_name = "PORT")]
    pub port: u16,
    /// Address and port for /metrics and the whole answer of /readyz. Without it 127.0.0.1 and --port plus 1000, as in 127.0.0.1:9080; a node goes on without them where that port is taken.
    #[arg(long, env = "HUBBUB_ADMIN_LISTEN", value_name = "IP:PORT", value_parser = values::address)]
    pub admin_listen: Option<SocketAddr>,
    /// Address under which browsers reach this node, where it is not the one it listens on, as in https://chat.example.org.
    #[arg(long, env = "HUBBUB_PUBLIC_URL", value_name = "URL", value_parser = values::origin)]
    pub public_url: Option<String>,
    /// Another origin whose pages may open the socket, as in http://localhost:8088. May be repeated.
    #[arg(long = "origin", env = "HUBBUB_ORIGINS", value_name = "ORIGIN", value_delimiter = ',', value_parser = values::origin)]
    pub origins: Vec<String>,
    /// Address of a proxy whose X-Forwarded-For and X-Forwarded-Host are believed. May be repeated.
    #[arg(long, env = "HUBBUB_TRUSTED_PROXIES", value_name = "IP", value_delimiter = ',', value_parser = values::ip)]
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether clients without a subprotocol (the classic dialect) are served.
    #[arg(long, env = "HUBBUB_CLASSIC", default_value_t = true, action = ArgAction::Set, value_name = "true|false")]
    pub classic: bool,
    /// Secret that identity tokens are signed with, at least 32 characters. Without it one is made and kept by the broker. Others on this machine can see flags and variables: --secret-file is better.
    #[arg(
        long,
        env = "HUBBUB_SECRET",
        hide_env_values = true,
        value_name = "TEXT",
        group = "signing_secret"
    )]
    pub secret: Option<Secret>,
    /// File with that secret in its first line.
    #[arg(long, env = "HUBBUB_SECRET_FILE", value_name = "FILE", group = "signing_secret")]
    pub secret_file: Option<PathBuf>,
}

impl Server {
    /// The secret that the settings name, if they name one.
    pub fn secret(&self) -> Result<Option<Secret>, SecretError> {
        let (secret, flag) = match (&self.secret, &self.secret_file) {
            (Some(secret), _) => (secret.clone(), "--secret"),
            (None, Some(path)) => (Secret::read(path, "--secret-file")?, "--secret-file"),
            (None, None) => return Ok(None),
        };
        if secret.0.chars().count() < SECRET_CHARS { Err(SecretError::Short(flag)) } else { Ok(Some(secret)) }
    }

    /// Where operators are served when no setting says so, on a node that got the port `port`: each node on a machine
    /// has another one.
    pub fn default_admin(port: u16) -> SocketAddr {
        let port = port.checked_add(ADMIN_OFFSET).unwrap_or(port - ADMIN_OFFSET);
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_of_a_machine_has_its_own_port_for_operators() {
        for (port, admin) in
            [(8080, 9080), (8081, 9081), (64_535, 65_535), (64_536, 63_536), (65_535, 64_535)]
        {
            assert_eq!(Server::default_admin(port), SocketAddr::from(([127, 0, 0, 1], admin)));
        }
    }
}
