//! A page that was away for longer than it can be brought up to date: it says so, and what is missing can be had.

use anyhow::{Result, ensure};

use crate::{
    classic::Classic,
    nodes::{Cluster, restart},
    page::Page,
};

/// More than a returning page is brought up to date with.
const MISSED: usize = 700;

#[tokio::test]
async fn a_line_says_what_is_not_loaded_and_loads_it() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let ada = Page::join(&cluster.nodes[0].url(), "hall", "Ada").await?;
    let mut classic = Classic::connect(&cluster.nodes[1]).await?;
    classic.subscribe(&cluster.nodes[1], "hall").await?;
    classic.say("hall", "before").await?;
    ada.until("what was said before", "/before/.test(document.querySelector('.log .body')?.textContent)")
        .await?;

    cluster.nodes[0].kill()?;
    classic.expect("hall", "before").await?;
    for number in 1..=MISSED {
        classic.say("hall", &format!("message {number}")).await?;
    }
    for number in 1..=MISSED {
        classic.expect("hall", &format!("message {number}")).await?;
    }
    restart(&mut cluster.nodes[0])?;
    ada.live().await?;
    let newest = format!("message {MISSED}");
    let last = format!("[...document.querySelectorAll('.log .body')].at(-1)?.textContent === '{newest}'");
    ada.until("the newest message", &last).await?;
    ada.until(
        "a line about what is not loaded",
        "/not loaded/.test(document.querySelector('.log li.note')?.textContent)",
    )
    .await?;
    ensure!(ada.breaks().await? == 1);
    let shown: Vec<_> = ada.conversation().await?.into_iter().map(|(_, said)| said).collect();
    ensure!(shown[0] == "before" && shown[1] != "message 1", "{shown:?}");

    // Loaded upward from the newest page, as far as one reads.
    ada.click(".log li.note button").await?;
    ada.until("the line goes", "!document.querySelector('.log li.note .btn.small')").await?;
    let first = "document.querySelector('.log').scrollTop = 0, document.querySelector('.log .body').textContent === 'before'";
    ada.until("up to where the page had been", first).await?;
    let shown: Vec<_> = ada.conversation().await?.into_iter().map(|(_, said)| said).collect();
    ensure!(shown[0] == "before" && shown.len() > 200, "{shown:?}");
    for (number, said) in (1..).zip(&shown[1..]) {
        ensure!(*said == format!("message {number}"), "{said:?} stands at {number}");
    }
    ensure!(ada.breaks().await? == 0, "a line about what is missing stays");
    Ok(())
}
