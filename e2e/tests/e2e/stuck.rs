//! Messages that need a person: refused, or perhaps sent. Retry, Copy, Delete, also after a reload.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    classic::Classic,
    nodes::{Cluster, SingleNode, restart},
    page::Page,
};

/// Makes what the page sends longer than a message may be, as long as `window.swell` is set.
const SWELL: &str = "const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (frame) {
        return send.call(this, window.swell ? frame.replace('[swell]', 'x'.repeat(17 * 1024)) : frame);
    };
    window.swell = true;
    return true";

/// The stuck message with this text: `true` if it is there with these words.
fn stuck(said: &str, words: &str) -> String {
    format!(
        "[...document.querySelectorAll('.log article.msg')].some(row =>
            row.querySelector('.body').textContent === '{said}' &&
            row.querySelector('.state strong')?.textContent.trim() === '{words}')"
    )
}

/// Presses a button under the message with this text, as a person does.
async fn press(page: &Page, said: &str, button: &str) -> Result<()> {
    let find = "const row = [...document.querySelectorAll('.log article.msg')]
            .find(row => row.querySelector('.body').textContent === arguments[0]);
        return [...row.querySelectorAll('.state button')].find(button => button.textContent === arguments[1])";
    let found = page.browser.driver()?.execute(find, vec![said.into(), button.into()]).await?;
    Ok(found.element()?.click().await?)
}

async fn expect_gone(page: &Page, said: &str) -> Result<()> {
    let gone =
        format!("![...document.querySelectorAll('.log .body')].some(row => row.textContent === '{said}')");
    page.until("the message is gone", &gone).await
}

#[tokio::test]
async fn a_refused_message_waits_for_a_decision() -> Result<()> {
    let single = SingleNode::start()?;
    let url = single.node.url();
    let ada = Page::join(&url, "hall", "Ada").await?;
    let bo = Page::join(&url, "hall", "Bo").await?;
    let _: bool = ada.call(SWELL, &[]).await?;
    for said in ["[swell] one", "[swell] two"] {
        ada.say(said).await?;
        ada.until("the server refused", &stuck(said, "Not sent: too long")).await?;
    }
    ada.say("short").await?;
    bo.wait_message("Ada", "short").await?;

    // Still there after a reload, and not sent by itself.
    ada.reload().await?;
    ada.live().await?;
    for said in ["[swell] one", "[swell] two"] {
        ada.until("it survives a reload", &stuck(said, "Not sent: too long")).await?;
    }
    ensure!(bo.conversation().await?.len() == 1, "Bo sees {:?}", bo.conversation().await?);
    ada.devtools("Browser.grantPermissions", json!({ "permissions": ["clipboardReadWrite"] })).await?;
    press(&ada, "[swell] one", "Copy").await?;
    ada.until("a word about the copy", "/Copied/.test(document.querySelector('.toast')?.textContent)")
        .await?;
    let copied: String = ada.eval("navigator.clipboard.readText()").await?;
    ensure!(copied == "[swell] one", "{copied:?} was copied");
    press(&ada, "[swell] one", "Delete").await?;
    expect_gone(&ada, "[swell] one").await?;
    press(&ada, "[swell] two", "Retry").await?;
    bo.wait_message("Ada", "[swell] two").await?;
    ada.wait_message("Ada", "[swell] two").await?;

    ada.reload().await?;
    ada.wait_message("Ada", "[swell] two").await?;
    let said = ["short", "[swell] two"].map(|said| ("Ada".to_owned(), said.to_owned()));
    ensure!(ada.conversation().await? == said, "Ada sees {:?}", ada.conversation().await?);
    ensure!(bo.conversation().await? == said, "Bo sees {:?}", bo.conversation().await?);
    Ok(())
}

/// Makes everything in this browser's outboxes an hour older.
const AGE: &str =
    "for (const key of Object.keys(localStorage).filter(key => key.startsWith('hubbub.outbox.'))) {
        const hour = 3600 * 1000;
        const entries = JSON.parse(localStorage[key]);
        for (const entry of entries) {
            entry.at -= hour;
            if (entry.tried) { entry.tried.at -= hour; }
        }
        localStorage[key] = JSON.stringify(entries);
    }
    return true";

#[tokio::test]
async fn what_was_tried_long_ago_says_that_it_may_have_been_sent() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let url = cluster.nodes[0].url();
    let ada = Page::join(&url, "hall", "Ada").await?;
    ada.say("before").await?;
    ada.wait_message("Ada", "before").await?;

    // Tried, and never answered.
    cluster.nodes[0].pause()?;
    for said in ["one", "two"] {
        ada.say(said).await?;
    }
    let tried = "Object.keys(localStorage).some(key =>
        key.startsWith('hubbub.outbox.') && JSON.parse(localStorage[key]).some(entry => entry.tried))";
    ada.until("the first one was tried", tried).await?;
    cluster.nodes[0].kill()?;
    let mut classic = Classic::connect(&cluster.nodes[1]).await?;
    classic.subscribe(&cluster.nodes[1], "hall").await?;
    for number in 0..120 {
        let said = format!("meanwhile {number}");
        classic.say("hall", &said).await?;
        classic.expect("hall", &said).await?;
    }
    // An hour later, in a tab that saw nothing of what was said since. The node is back only when the first tab is
    // gone, which would try again.
    let left = ada.tab().await?;
    let empty = ada.empty_tab().await?;
    ada.turn_to(&left).await?;
    ada.close_tab().await?;
    ada.turn_to(&empty).await?;
    restart(&mut cluster.nodes[0])?;
    ada.browser.driver()?.goto(format!("{url}/livez")).await?;
    let _: bool = ada.call(AGE, &[]).await?;
    ada.go("hall").await?;
    ada.live().await?;
    ada.until("it may have been sent", &stuck("one", "May have been sent")).await?;
    classic.expect("hall", "two").await?;
    ada.reload().await?;
    ada.live().await?;
    ada.until("it survives a reload", &stuck("one", "May have been sent")).await?;
    press(&ada, "one", "Retry").await?;
    classic.expect("hall", "one").await?;
    ada.wait_message("Ada", "one").await.map(drop)
}
