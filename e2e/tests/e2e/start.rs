//! The first visit.

use anyhow::{Result, ensure};

use crate::{nodes::SingleNode, page::Page};

#[tokio::test]
async fn the_page_starts_without_a_complaint_and_asks_nobody_else() -> Result<()> {
    let single = SingleNode::start()?;
    let url = single.node.url();
    let page = Page::join(&url, "general", "Ada").await?;
    page.say("hello").await?;
    page.wait_message("Ada", "hello").await?;

    let complaints = page.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    let fetched: Vec<String> =
        page.eval("performance.getEntriesByType('resource').map(entry => entry.name)").await?;
    ensure!(fetched.iter().any(|address| address.contains("_bg.wasm")), "no page was fetched: {fetched:?}");
    let others: Vec<_> = fetched.iter().filter(|address| !address.starts_with(&url)).collect();
    ensure!(others.is_empty(), "the page asked others: {others:?}");
    Ok(())
}
