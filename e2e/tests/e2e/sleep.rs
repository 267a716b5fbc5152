//! The device sleeps, the network goes and comes back, the tab is put aside.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::json;
use testkit::NodeProcess;

use crate::{
    nodes::{Cluster, restart},
    page::{PATIENCE, Page},
};

/// Finds a peer that is silent within two seconds.
const IMPATIENT: [(&str, &str); 2] = [("HUBBUB_PING_INTERVAL", "1"), ("HUBBUB_PONG_TIMEOUT", "1")];

/// Waits until a node counts so many connections.
async fn sessions(node: &NodeProcess, wanted: u32) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let line = format!("hubbub_sessions {wanted}");
    loop {
        let (_, metrics) = node.get_admin("/metrics")?;
        if metrics.lines().any(|found| found == line) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the node does not say {line:?}: {metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Makes the page believe that the device has no network, or has it again.
async fn network(page: &Page, there: bool) -> Result<()> {
    let conditions =
        json!({ "offline": !there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    page.devtools("Network.emulateNetworkConditions", conditions).await.map(drop)
}

/// The log shows exactly this, and no line that something is missing.
async fn expect_unbroken(page: &Page, said: &[&str]) -> Result<()> {
    let last = said.last().context("something was said")?;
    page.until(
        last,
        &format!("[...document.querySelectorAll('.log .body')].at(-1)?.textContent === '{last}'"),
    )
    .await?;
    let shown: Vec<_> = page.conversation().await?.into_iter().map(|(_, said)| said).collect();
    ensure!(shown == said, "the page shows {shown:?}");
    ensure!(page.breaks().await? == 0, "there is a line that says that something is missing");
    Ok(())
}

#[tokio::test]
async fn a_device_that_slept_gets_what_it_missed() -> Result<()> {
    let mut cluster = Cluster::start(1)?;
    cluster.add(&IMPATIENT)?;
    let bo = Page::join(&cluster.nodes[0].url(), "night", "Bo").await?;
    let ada = Page::join(&cluster.nodes[1].url(), "night", "Ada").await?;
    bo.say("good night").await?;
    ada.wait_message("Bo", "good night").await?;

    // Everything of the browser stands still, as when a lid is closed.
    ada.browser.signal(Signal::STOP)?;
    sessions(&cluster.nodes[1], 0).await?;
    for said in ["one", "two", "three"] {
        bo.say(said).await?;
        bo.wait_message("Bo", said).await?;
    }
    ada.browser.signal(Signal::CONT)?;
    ada.live().await?;
    expect_unbroken(&ada, &["good night", "one", "two", "three"]).await?;
    ada.say("awake").await?;
    bo.wait_message("Ada", "awake").await.map(drop)
}

#[tokio::test]
async fn a_tab_that_was_frozen_gets_what_it_missed() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let bo = Page::join(&cluster.nodes[1].url(), "night", "Bo").await?;
    let ada = Page::join(&cluster.nodes[0].url(), "night", "Ada").await?;
    bo.say("good night").await?;
    ada.wait_message("Bo", "good night").await?;

    ada.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await?;
    cluster.nodes[0].kill()?;
    for said in ["one", "two"] {
        bo.say(said).await?;
        bo.wait_message("Bo", said).await?;
    }
    restart(&mut cluster.nodes[0])?;
    ada.devtools("Page.setWebLifecycleState", json!({ "state": "active" })).await?;
    ada.live().await?;
    expect_unbroken(&ada, &["good night", "one", "two"]).await
}

/// Notes when the page opens connections. When it hears of the network, tells whether it opened one in that very turn.
const WATCH: &str = "const Socket = WebSocket;
    window.opened = [];
    window.WebSocket = class extends Socket {
        constructor(...where) { super(...where); window.opened.push(performance.now()); }
    };
    window.addEventListener('online', event => setTimeout(() => {
        window.heard = { at_once: window.opened.some(time => time >= event.timeStamp) };
    }));
    return true";

#[tokio::test]
async fn the_page_connects_as_soon_as_the_network_is_back() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let bo = Page::join(&cluster.nodes[1].url(), "train", "Bo").await?;
    let ada = Page::join(&cluster.nodes[0].url(), "train", "Ada").await?;
    bo.say("tunnel ahead").await?;
    ada.wait_message("Bo", "tunnel ahead").await?;
    let _: bool = ada.call(WATCH, &[]).await?;

    network(&ada, false).await?;
    cluster.nodes[0].kill()?;
    let banner = "/^You’re offline/.test(document.querySelector('.banner')?.textContent.trim())";
    ada.until("a banner that says so", banner).await?;
    ada.queue(&["in the tunnel"], 1).await?;
    bo.say("hello?").await?;
    bo.wait_message("Bo", "hello?").await?;

    // In the very turn in which it hears of it, not when its own waiting is over. Of three times at least once: it may
    // just be in the middle of a try.
    let mut at_once = false;
    for _ in 0..3 {
        let _: bool = ada.call("delete window.heard; return true", &[]).await?;
        network(&ada, true).await?;
        ada.until("it heard of it", "window.heard").await?;
        at_once |= ada.eval::<bool>("window.heard.at_once").await?;
        network(&ada, false).await?;
    }
    ensure!(at_once, "it did not connect when the network was back");

    restart(&mut cluster.nodes[0])?;
    network(&ada, true).await?;
    ada.live().await?;
    bo.wait_message("Ada", "in the tunnel").await?;
    ada.wait_message("Ada", "in the tunnel").await?;
    expect_unbroken(&ada, &["tunnel ahead", "hello?", "in the tunnel"]).await
}

#[tokio::test]
async fn a_hidden_page_goes_on_listening() -> Result<()> {
    let cluster = Cluster::start(1)?;
    let url = cluster.nodes[0].url();
    let bo = Page::join(&url, "hall", "Bo").await?;
    let ada = Page::join(&url, "hall", "Ada").await?;
    ada.window("minimized").await?;
    for said in ["one", "two"] {
        bo.say(said).await?;
        bo.wait_message("Bo", said).await?;
    }
    ada.until("its title counts", "document.title.startsWith('(2) ')").await?;
    ada.window("normal").await?;
    ada.until("a line above what is new", "document.querySelector('.log .since')").await?;
    ada.until("it is read", "!document.title.startsWith('(')").await?;
    expect_unbroken(&ada, &["one", "two"]).await
}
