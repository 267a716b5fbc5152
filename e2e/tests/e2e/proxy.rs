//! Behind nginx with TLS, configured by the very file that is shipped (`packaging/nginx.conf`).

use std::{
    env, fs,
    io::ErrorKind,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use testkit::{NodeProcess, RedisServer, free_port};

use crate::{
    nodes::{binary, ready},
    page::{PATIENCE, Page},
};

const SHIPPED: &str = include_str!("../../../packaging/nginx.conf");

/// Two nodes, a Redis, and nginx before them.
struct ProxiedSite {
    nginx: Child,
    nodes: Vec<NodeProcess>,
    url: String,
    _redis: RedisServer,
    _folder: TempDir,
}

impl ProxiedSite {
    fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("hubbub-e2e-")?;
        let port = free_port()?;
        let url = format!("https://localhost:{port}");
        let redis = RedisServer::start()?;
        let settings = [
            ("REDIS_URL", redis.url()),
            ("HUBBUB_PUBLIC_URL", url.clone()),
            ("HUBBUB_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let program = binary()?;
        let start = |_| ready(NodeProcess::start(&program, &[], &settings)?);
        let nodes = (0..2).map(start).collect::<Result<Vec<_>>>()?;
        certificate(folder.path())?;
        let nginx = nginx(folder.path(), port, [nodes[0].port(), nodes[1].port()])?;
        Ok(Self { nginx, nodes, url, _redis: redis, _folder: folder })
    }
}

impl Drop for ProxiedSite {
    fn drop(&mut self) {
        self.nginx.kill().ok();
        self.nginx.wait().ok();
    }
}

/// A throw-away certificate for localhost.
fn certificate(folder: &Path) -> Result<()> {
    let openssl = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .context("openssl did not start; try: apt-get install openssl")?;
    ensure!(openssl.status.success(), "openssl: {}", String::from_utf8_lossy(&openssl.stderr));
    Ok(())
}

/// The shipped file with this test's ports and certificate in it.
fn site(folder: &Path, port: u16, nodes: [u16; 2]) -> Result<String> {
    let (https, _redirect) = SHIPPED.rsplit_once("server {").context("the last server only redirects")?;
    let place = folder.display();
    let mut site = https.to_owned();
    for (shipped, ours) in [
        ("127.0.0.1:8080", format!("127.0.0.1:{}", nodes[0])),
        ("127.0.0.1:8081", format!("127.0.0.1:{}", nodes[1])),
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("server_name chat.example.org", "server_name localhost".into()),
        ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", format!("{place}/cert.pem")),
        ("/etc/letsencrypt/live/chat.example.org/privkey.pem", format!("{place}/key.pem")),
    ] {
        ensure!(site.contains(shipped), "packaging/nginx.conf has no {shipped:?}");
        site = site.replace(shipped, &ours);
    }
    Ok(site)
}

/// Starts nginx; it listens when this returns.
fn nginx(folder: &Path, port: u16, nodes: [u16; 2]) -> Result<Child> {
    let place = folder.display();
    let site = site(folder, port, nodes)?;
    let spools = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {place}/{what};\n"))
        .concat();
    // One process: nothing is left behind when it is killed.
    let all = format!(
        "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log {place}/error.log info;\n\
         events {{}}\nhttp {{\n  access_log off;\n{spools}{site}\n}}\n"
    );
    let config = folder.join("nginx.conf");
    fs::write(&config, all)?;
    let mut start = Command::new(env::var_os("NGINX").unwrap_or_else(|| "nginx".into()));
    start.arg("-p").arg(folder).arg("-c").arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = match start.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("nginx is not installed; try: apt-get install nginx-light")
        }
        started => started?,
    };
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || fs::read_to_string(folder.join("error.log")).unwrap_or_default();
        if let Some(status) = child.try_wait()? {
            bail!("nginx ended ({status}): {}", log());
        }
        ensure!(Instant::now() < deadline, "nginx does not listen: {}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}

#[tokio::test]
async fn two_pages_through_nginx_with_tls() -> Result<()> {
    let mut site = ProxiedSite::start()?;
    let ada = Page::join(&site.url, "front", "Ada").await?;
    let bo = Page::join(&site.url, "front", "Bo").await?;
    ada.say("Is this safe?").await?;
    bo.wait_message("Ada", "Is this safe?").await?;
    bo.say("It says so in the address.").await?;
    ada.wait_message("Bo", "It says so in the address.").await?;
    ada.until("the page came over TLS", "isSecureContext && location.protocol === 'https:'").await?;
    let complaints = ada.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    let status: u16 = ada.eval("fetch('/metrics').then(answer => answer.status)").await?;
    ensure!(status == 404, "nginx shows the metrics to everybody: {status}");

    // Whoever was on it goes on through the other one.
    site.nodes[0].kill()?;
    ada.say("Still here?").await?;
    bo.wait_message("Ada", "Still here?").await?;
    bo.say("Of course.").await?;
    ada.wait_message("Bo", "Of course.").await?;
    Ok(())
}
