//! A long history, read backwards.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::{
    classic::Classic,
    nodes::Cluster,
    page::{PATIENCE, Page},
};

/// As many as a room keeps by default.
const MESSAGES: usize = 10_000;

/// What one connection sends: less than it may send at once.
const BURST: usize = 2_500;

/// So many rows may be in the document, whatever the length of the history.
const MOST_ROWS: usize = 320;

/// CSS pixels that a row may move by when rows are added above it: rounding, nothing more.
const STILL: f64 = 2.0;

/// The topmost visible row, and what surrounds it.
#[derive(Debug, Deserialize)]
struct TopRow {
    said: String,
    top: f64,
    /// The first message in the document.
    first: String,
    rows: usize,
    /// The most rows that there ever were.
    most: usize,
}

/// Watches the number of rows from now on, between two looks too.
const WATCH: &str = "const list = document.querySelector('.log > ol');
    window.most = list.children.length;
    new MutationObserver(() => { most = Math.max(most, list.children.length); }).observe(list, { childList: true });
    return true";

/// Scrolls to the top and says what is there.
const TO_TOP: &str = "const log = document.querySelector('.log');
    log.scrollTop = 0;
    const rows = [...log.querySelectorAll('article.msg')];
    const said = row => row.querySelector('.body').textContent;
    const edge = log.getBoundingClientRect().top;
    const row = rows.find(one => one.getBoundingClientRect().top >= edge);
    return { said: said(row), top: row.getBoundingClientRect().top, first: said(rows[0]),
        rows: log.querySelectorAll('ol > li').length, most }";

/// Where a row is now that was seen before.
const FIND: &str = "const log = document.querySelector('.log');
    const rows = [...log.querySelectorAll('article.msg')];
    const said = row => row.querySelector('.body').textContent;
    const row = rows.find(one => said(one) === arguments[0]);
    return { said: arguments[0], top: row ? row.getBoundingClientRect().top : 1e9, first: said(rows[0]),
        rows: log.querySelectorAll('ol > li').length, most }";

#[tokio::test]
async fn older_messages_come_without_moving_the_page() -> Result<()> {
    let cluster = Cluster::start(1)?;
    let node = &cluster.nodes[0];
    for first in (1..=MESSAGES).step_by(BURST) {
        let mut classic = Classic::connect(node).await?;
        classic.subscribe(node, "archive").await?;
        for number in first..first + BURST {
            classic.say("archive", &format!("message {number}")).await?;
        }
        for number in first..first + BURST {
            classic.expect("archive", &format!("message {number}")).await?;
        }
    }
    let page = Page::open(&node.url(), "archive").await?;
    page.take_name("Ada").await?;
    page.until("the newest message is in view", &in_view(&format!("message {MESSAGES}"))).await?;
    let _: bool = page.call(WATCH, &[]).await?;

    let mut pages = 0;
    loop {
        let before: TopRow = page.call(TO_TOP, &[]).await?;
        if before.first == "message 1" {
            break;
        }
        ensure!(pages < MESSAGES, "it never ends at {before:?}");
        let after = older(&page, &before).await?;
        pages += 1;
        let moved = (after.top - before.top).abs();
        ensure!(moved <= STILL, "{:?} moved by {moved} px: {before:?}, {after:?}", before.said);
    }
    ensure!(pages >= 2, "only {pages} pages were loaded");
    let top_row: TopRow = page.call(TO_TOP, &[]).await?;
    ensure!(top_row.rows <= MOST_ROWS && top_row.most <= MOST_ROWS, "too many rows: {top_row:?}");
    // In one run: nothing is missing, nothing is there twice.
    let shown = page.messages().await?;
    for (number, message) in (1..).zip(&shown) {
        ensure!(message.said == format!("message {number}"), "{} stands at {number}", message.said);
    }

    page.click(".stage .pill:not(.up)").await?;
    page.until("back at the newest message", &in_view(&format!("message {MESSAGES}"))).await
}

/// Waits until the log begins with an older message, and says where the row is then.
async fn older(page: &Page, before: &TopRow) -> Result<TopRow> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now: TopRow = page.call(FIND, &[before.said.clone().into()]).await?;
        if now.first != before.first {
            return Ok(now);
        }
        ensure!(Instant::now() < deadline, "nothing older than {:?} was loaded", before.first);
        tokio::task::yield_now().await;
    }
}

fn in_view(said: &str) -> String {
    format!(
        "(() => {{
            const log = document.querySelector('.log'), edge = log?.getBoundingClientRect();
            return log && [...log.querySelectorAll('article.msg')].some(row => {{
                const place = row.getBoundingClientRect();
                return row.querySelector('.body').textContent === '{said}' &&
                    place.top >= edge.top && place.bottom <= edge.bottom + 1;
            }});
        }})()"
    )
}
