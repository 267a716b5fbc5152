//! A Chromium of its own for one page: a fresh profile, ended with the test.

use std::{
    env,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::{
    CapabilitiesHelper, ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities,
    LoggingPrefsLogLevel, WebDriver,
};

/// How long the driver may take to listen.
const START: Duration = Duration::from_secs(30);

/// Nothing of Chromium's own may go over the network, and nothing may stop a page that is out of sight.
const FLAGS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// The size of the window.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Screen {
    /// A window of this many CSS pixels.
    Window(u32, u32),
    /// A phone held upright: 390×844, touch.
    Phone,
}

#[derive(Debug)]
pub(crate) struct Browser {
    driver: Option<WebDriver>,
    chromedriver: Child,
    port: u16,
    _profile: TempDir,
}

impl Browser {
    /// Starts driver and browser.
    pub(crate) async fn with(screen: Screen) -> Result<Self> {
        let profile = TempDir::with_prefix("hubbub-e2e-")?;
        let capabilities = capabilities(screen, &profile)?;
        let (chromedriver, port) = chromedriver()?;
        let mut browser = Self { driver: None, chromedriver, port, _profile: profile };
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.context(
            "Chromium did not start; is it installed? try: apt-get install chromium chromium-driver",
        )?;
        browser.driver = Some(driver);
        Ok(browser)
    }

    pub(crate) fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("the browser runs")
    }

    /// Sends a signal to every process of the browser, not to its driver: a device that sleeps with `STOP`, and wakes
    /// with `CONT`. A browser that sleeps answers nothing.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().context("ps")?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<i32>().ok());
        let pairs: Vec<_> = listed
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                Some((number(words.next())?, number(words.next())?))
            })
            .collect();
        let mut family = vec![i32::try_from(self.chromedriver.id())?];
        let mut at = 0;
        while let Some(parent) = family.get(at).copied() {
            family.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        ensure!(family.len() > 1, "the driver has no browser");
        for pid in family.into_iter().skip(1).filter_map(Pid::from_raw) {
            // One that has just ended needs no signal.
            kill_process(pid, signal).ok();
        }
        Ok(())
    }
}

impl Drop for Browser {
    /// Ends the browser, also when the test failed half-way. A driver that is killed leaves its browser behind, so it
    /// is asked first; without the client, which would need the runtime that the test is leaving.
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // One that sleeps would not hear of it.
            self.signal(Signal::CONT).ok();
            end_session(self.port, &driver.session_id().to_string()).ok();
            // The client need not end it a second time.
            driver.leak().ok();
        }
        self.chromedriver.kill().ok();
        self.chromedriver.wait().ok();
    }
}

fn end_session(port: u16, session: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(START))?;
    write!(stream, "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    // The answer comes when the browser is gone.
    stream.read(&mut [0; 64]).map(drop)
}

fn capabilities(screen: Screen, profile: &TempDir) -> Result<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for flag in FLAGS {
        capabilities.add_arg(flag)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
    match screen {
        Screen::Window(width, height) => {
            capabilities.add_arg(&format!("--window-size={width},{height}"))?;
        }
        Screen::Phone => capabilities.add_experimental_option(
            "mobileEmulation",
            json!({ "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true } }),
        )?,
    }
    if let Some(chromium) = env::var_os("CHROMIUM") {
        capabilities.set_binary(&chromium.to_string_lossy())?;
    }
    // Tests make their own certificates.
    capabilities.accept_insecure_certs(true)?;
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

/// Starts the driver on a port that it chooses.
fn chromedriver() -> Result<(Child, u16)> {
    let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
    let started = Command::new(program).arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = match started {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("chromedriver is not installed; try: apt-get install chromium-driver")
        }
        started => started?,
    };
    let output = BufReader::new(child.stdout.take().context("the output is piped")?);
    let (found, port) = sync_channel(1);
    // Reads to the end, so that the driver never waits for somebody to read its log.
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let number = line.split_once("started successfully on port ").map(|(_, rest)| rest);
            if let Some(port) = number.and_then(|rest| rest.trim_end_matches('.').parse::<u16>().ok()) {
                // Nobody waits for it any more when it is late.
                found.try_send(port).ok();
            }
        }
    });
    let Ok(port) = port.recv_timeout(START) else {
        child.kill().ok();
        child.wait().ok();
        bail!("chromedriver did not start within {START:?}")
    };
    Ok((child, port))
}
