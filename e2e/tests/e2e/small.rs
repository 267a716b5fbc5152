//! A phone.

use anyhow::{Result, ensure};

use crate::{browser::Screen, nodes::SingleNode, page::Page};

#[tokio::test]
async fn rooms_and_log_on_a_phone() -> Result<()> {
    let single = SingleNode::start()?;
    let page = Page::open_on(Screen::Phone, &single.node.url(), "general").await?;
    let size: (u32, u32) = page.eval("[innerWidth, innerHeight]").await?;
    ensure!(size == (390, 844), "the window is {size:?}");
    page.expect_no_sideways().await?;
    page.take_name("Ada").await?;
    page.paste("a line that has to be broken on a screen as small as this one, as often as it takes").await?;
    page.paste(&"unbroken".repeat(40)).await?;
    page.wait_message("Ada", &"unbroken".repeat(40)).await?;
    page.expect_no_sideways().await?;

    page.click("button.back").await?;
    page.until("the list of rooms covers the room", &on_top("#rooms")).await?;
    page.expect_no_sideways().await?;
    page.click("#rooms button[aria-label='New room']").await?;
    page.until("a dialog", "document.querySelector('dialog[aria-labelledby=new-room]')?.open").await?;
    page.expect_no_sideways().await?;
    page.browser.driver()?.find(thirtyfour::By::Id("room")).await?.send_keys("pocket").await?;
    page.click("dialog[open] button[type=submit]").await?;
    page.until("the new room", "document.getElementById('room-name').textContent === '# pocket'").await?;
    page.until("its log is on top", &on_top(".stage")).await?;
    page.expect_no_sideways().await?;

    page.click("button.back").await?;
    page.until("the list again", &on_top("#rooms")).await?;
    page.click("#rooms a[href='/r/general']").await?;
    page.until("the first room", "document.getElementById('room-name').textContent === '# general'").await?;
    page.until("its log is on top", &on_top(".stage")).await?;
    page.wait_message("Ada", &"unbroken".repeat(40)).await?;
    page.expect_no_sideways().await
}

/// Whether an element is what a finger in the middle of the screen touches.
fn on_top(selector: &str) -> String {
    format!("document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('{selector}')")
}
