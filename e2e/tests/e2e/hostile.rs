//! Messages that want to be more than text.

use anyhow::{Result, ensure};

use crate::{classic::Classic, nodes::Cluster, page::Page};

/// What is said, and what the log shows: the same text, but for marks in place of what cannot be seen.
const SAID: [(&str, &str); 7] = [
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("<img src=x onerror=\"window.pwned=1\">", "<img src=x onerror=\"window.pwned=1\">"),
    (
        "<svg/onload=alert(1)><iframe src=\"javascript:alert(1)\">",
        "<svg/onload=alert(1)><iframe src=\"javascript:alert(1)\">",
    ),
    ("javascript:alert(1)", "javascript:alert(1)"),
    (
        "[tea](javascript:alert(1)) data:text/html,<b>x</b>",
        "[tea](javascript:alert(1)) data:text/html,<b>x</b>",
    ),
    ("</p><style>*{display:none}</style>&lt;b&gt;", "</p><style>*{display:none}</style>&lt;b&gt;"),
    ("the end \u{202e}txet siht", "the end U+202Etxet siht"),
];

#[tokio::test]
async fn messages_stay_text() -> Result<()> {
    let cluster = Cluster::start(1)?;
    let node = &cluster.nodes[0];
    let page = Page::join(&node.url(), "gate", "<b>Mallory</b>").await?;
    let _: bool = page
        .call(
            "window.violations = [];
            addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));
            window.alert = () => { window.pwned = 1; };
            return true",
            &[],
        )
        .await?;
    let mut classic = Classic::connect(node).await?;
    for (said, shown) in SAID {
        page.paste(said).await?;
        page.wait_message("<b>Mallory</b>", shown).await?;
        classic.say("gate", said).await?;
    }
    page.until(
        "the classic client's messages",
        &format!("document.querySelectorAll('.log article.msg .tag').length >= {}", SAID.len()),
    )
    .await?;

    let shown: Vec<String> = page.messages().await?.into_iter().map(|message| message.said).collect();
    for (_, text) in SAID {
        let times = shown.iter().filter(|said| *said == text).count();
        ensure!(times == 2, "{text:?} is there {times} times: {shown:?}");
    }
    let made: Vec<String> = page
        .eval(
            "[...document.querySelectorAll('.log .body *, .log .who *, #people bdi *')]
                .map(e => e.outerHTML.replaceAll('<!---->', ''))
                .filter(html => !/^<span class=\"tag meta\" title=\"[^\"]*\">U\\+202E<\\/span>$/.test(html))",
        )
        .await?;
    ensure!(made.is_empty(), "text became elements: {made:?}");
    let links: u32 = page
        .eval("document.querySelectorAll('a[href^=\"javascript:\" i], a[href^=\"data:\" i]').length")
        .await?;
    ensure!(links == 0, "a link runs code");
    let (pwned, violations): (bool, Vec<String>) = page.eval("[!!window.pwned, window.violations]").await?;
    ensure!(!pwned, "a message ran code");
    ensure!(violations.is_empty(), "only the policy stopped it: {violations:?}");
    let complaints = page.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    Ok(())
}

/// A reader that looks at the rest of the body again from each start takes minutes for these.
#[tokio::test]
async fn bodies_of_unusable_links_do_not_freeze_the_page() -> Result<()> {
    let cluster = Cluster::start(1)?;
    let page = Page::join(&cluster.nodes[0].url(), "gate", "Mallory").await?;
    let links = ["mailto:".repeat(780), ")".repeat(10_920)].concat();
    let brackets = ["http://a".to_owned(), ")".repeat(16_000)].concat();
    for body in [links, brackets] {
        page.paste(&body).await?;
        page.wait_message("Mallory", &body).await?;
    }
    Ok(())
}
