//! Whom to believe that it is Redis, where the connection is TLS.

use std::{path::Path, time::Duration};

use ::redis::{
    Client, ConnectionAddr, ConnectionInfo, RedisError, TlsCertificates,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Whose certificates are believed: those of the system, or those that one authority signed.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Trust {
    /// The authority, in PEM.
    authority: Option<Vec<u8>>,
}

impl Trust {
    /// Only the authority in a file. On failure says what is wrong with it.
    pub(in super::super) fn read(file: &Path) -> Result<Self, String> {
        let pem = std::fs::read(file).map_err(|error| error.to_string())?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(Self { authority: Some(pem) }),
            Ok(_) => Err("there is no certificate in it; it must be a file of PEM certificates".to_owned()),
            Err(error) => Err(format!("it must be a file of PEM certificates ({error})")),
        }
    }

    /// For connections that notice a peer that is silently gone.
    pub(super) fn client(&self, info: ConnectionInfo) -> Result<Client, RedisError> {
        let keepalive =
            TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
        let mut tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        #[cfg(target_os = "linux")]
        {
            tcp = tcp.set_user_timeout(Duration::from_secs(10));
        }
        let info = info.set_tcp_settings(std::mem::take(&mut tcp));
        if !is_tls(&info) {
            return Client::open(info);
        }
        // Fails when there is one already, which is as good.
        drop(ring::default_provider().install_default());
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: self.authority.clone() })
    }
}

/// Whether the connection is to be TLS.
pub(super) fn is_tls(info: &ConnectionInfo) -> bool {
    matches!(info.addr(), ConnectionAddr::TcpTls { .. })
}

/// A place, spoken to in TLS or not.
pub(super) fn place(host: &str, port: u16, tls: bool) -> ConnectionAddr {
    let host = host.to_owned();
    if tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}
