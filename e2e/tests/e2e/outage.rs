//! A node dies and comes back.

use anyhow::{Result, ensure};

use crate::{
    nodes::{Cluster, restart},
    page::Page,
};

#[tokio::test]
async fn a_message_typed_while_the_node_was_away_is_sent_once() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let ada = Page::join(&cluster.nodes[0].url(), "harbour", "Ada").await?;
    let bo = Page::join(&cluster.nodes[1].url(), "harbour", "Bo").await?;
    ada.say("before the storm").await?;
    bo.wait_message("Ada", "before the storm").await?;

    cluster.nodes[0].kill()?;
    ada.until("the button says that messages wait", "document.querySelector('button.send:not(.icon)')")
        .await?;
    ada.say("in the storm").await?;
    ada.until(
        "the message is queued",
        "[...document.querySelectorAll('.log .msg.wait .state')].some(state => /Queued/.test(state.textContent))",
    )
    .await?;
    ada.until("a banner", "/Reconnecting/.test(document.querySelector('.banner')?.textContent)").await?;
    bo.say("are you there?").await?;
    bo.wait_message("Bo", "are you there?").await?;

    restart(&mut cluster.nodes[0])?;
    ada.live().await?;
    ada.wait_message("Bo", "are you there?").await?;
    ada.wait_message("Ada", "in the storm").await?;
    bo.wait_message("Ada", "in the storm").await?;
    ada.say("after the storm").await?;
    bo.wait_message("Ada", "after the storm").await?;
    bo.say("good").await?;
    ada.wait_message("Bo", "good").await?;

    let said = [
        ("Ada", "before the storm"),
        ("Bo", "are you there?"),
        ("Ada", "in the storm"),
        ("Ada", "after the storm"),
        ("Bo", "good"),
    ]
    .map(|(who, said)| (who.to_owned(), said.to_owned()));
    ensure!(bo.conversation().await? == said, "Bo sees {:?}", bo.conversation().await?);
    ensure!(ada.conversation().await? == said, "Ada sees {:?}", ada.conversation().await?);
    ada.until("the banner goes", "!document.querySelector('.banner')").await
}
