//! People talk.

use anyhow::{Result, ensure};

use crate::{
    classic::Classic,
    nodes::{Cluster, SingleNode},
    page::Page,
};

#[tokio::test]
async fn two_pages_on_two_nodes() -> Result<()> {
    let cluster = Cluster::start(2)?;
    let ada = Page::join(&cluster.nodes[0].url(), "kitchen", "Ada").await?;
    let bo = Page::join(&cluster.nodes[1].url(), "kitchen", "Bo").await?;

    ada.say("Is there tea?").await?;
    let seen = bo.wait_message("Ada", "Is there tea?").await?;
    ensure!(!seen.own, "Bo's page takes Ada's message for Bo's");
    bo.say("In a minute.").await?;
    ada.wait_message("Bo", "In a minute.").await?;
    ada.say("Thank you").await?;
    bo.wait_message("Ada", "Thank you").await?;

    ensure!(ada.wait_message("Ada", "Thank you").await?.own, "Ada's page does not know Ada's message");
    let said = [("Ada", "Is there tea?"), ("Bo", "In a minute."), ("Ada", "Thank you")]
        .map(|(who, said)| (who.to_owned(), said.to_owned()));
    ensure!(ada.conversation().await? == said, "Ada sees {:?}", ada.conversation().await?);
    ensure!(bo.conversation().await? == said, "Bo sees {:?}", bo.conversation().await?);
    // A page lists the people of all nodes.
    for page in [&ada, &bo] {
        page.until("both are here", "document.querySelectorAll('#people .person').length === 2").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_classic_client_and_a_page() -> Result<()> {
    let cluster = Cluster::start(2)?;
    let page = Page::join(&cluster.nodes[0].url(), "lobby", "Ada").await?;
    let mut classic = Classic::connect(&cluster.nodes[1]).await?;
    classic.subscribe(&cluster.nodes[1], "lobby").await?;

    page.say("hello, old friend").await?;
    classic.expect("lobby", "hello, old friend").await?;
    classic.say("lobby", "hello, new friend").await?;
    classic.expect("lobby", "hello, new friend").await?;
    page.until(
        "the classic client's message, marked as such",
        "[...document.querySelectorAll('.log article.msg')].some(row =>
            row.querySelector('.body').textContent === 'hello, new friend' &&
            row.querySelector('.tag')?.textContent === 'classic')",
    )
    .await?;
    ensure!(page.messages().await?.len() == 2, "{:?}", page.messages().await?);
    Ok(())
}

#[tokio::test]
async fn a_node_without_redis_is_complete() -> Result<()> {
    let mut single = SingleNode::start()?;
    let url = single.node.url();
    let ada = Page::join(&url, "den", "Ada").await?;
    let bo = Page::join(&url, "den", "Bo").await?;
    ada.say("just us two").await?;
    bo.wait_message("Ada", "just us two").await?;
    bo.say("and the disk").await?;
    ada.wait_message("Bo", "and the disk").await?;

    single.restart()?;
    ada.reload().await?;
    ada.live().await?;
    ensure!(ada.wait_message("Ada", "just us two").await?.own, "the secret did not outlive the node");
    ada.wait_message("Bo", "and the disk").await?;
    bo.live().await?;
    ada.say("still here").await?;
    bo.wait_message("Ada", "still here").await?;
    ensure!(bo.messages().await?.len() == 3, "{:?}", bo.messages().await?);
    Ok(())
}

#[tokio::test]
async fn a_reload_keeps_name_and_room() -> Result<()> {
    let cluster = Cluster::start(1)?;
    let url = cluster.nodes[0].url();
    let page = Page::join(&url, "attic", "Ada").await?;
    let watcher = Page::join(&url, "attic", "Bo").await?;
    page.say("before").await?;
    page.wait_message("Ada", "before").await?;

    page.reload().await?;
    page.live().await?;
    page.until("the same room", "document.getElementById('room-name').textContent === '# attic'").await?;
    ensure!(page.wait_message("Ada", "before").await?.own, "a reload made somebody else of Ada");
    page.say("after").await?;
    ensure!(page.wait_message("Ada", "after").await?.own, "the page does not know its own message");

    watcher.wait_message("Ada", "after").await?;
    let hues: Vec<String> = watcher
        .eval("[...new Set([...document.querySelectorAll('.log article.msg')].map(row => row.dataset.hue))]")
        .await?;
    ensure!(hues.len() == 1, "Bo sees more than one Ada: {hues:?}");
    watcher.until("one Ada is here", "document.querySelectorAll('#people .person').length === 2").await
}
