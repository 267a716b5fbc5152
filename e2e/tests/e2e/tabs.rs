//! Two tabs of one person, one outbox in the browser: nothing is sent twice, and what a closed tab left is sent.

use anyhow::{Result, ensure};

use crate::{
    nodes::{Cluster, restart},
    page::Page,
};

/// What Ada said, as a page shows it, in its order.
async fn said(page: &Page) -> Result<Vec<String>> {
    let conversation = page.conversation().await?;
    Ok(conversation.into_iter().filter(|(who, _)| who == "Ada").map(|(_, said)| said).collect())
}

#[tokio::test]
async fn two_tabs_that_come_back_send_everything_once() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let bo = Page::join(&cluster.nodes[1].url(), "harbour", "Bo").await?;
    let ada = Page::join(&cluster.nodes[0].url(), "harbour", "Ada").await?;
    let first = ada.tab().await?;
    let second = ada.another_tab("harbour").await?;

    cluster.nodes[0].kill()?;
    ada.queue(&["b1", "b2"], 2).await?;
    ada.turn_to(&first).await?;
    ada.queue(&["a1", "a2", "a3"], 3).await?;
    ada.turn_to(&second).await?;
    ada.queue(&["b3"], 3).await?;

    restart(&mut cluster.nodes[0])?;
    for (tab, last) in [(&second, "b4"), (&first, "a4")] {
        ada.turn_to(tab).await?;
        ada.live().await?;
        ada.until("nothing waits", "!document.querySelector('.log .msg.wait')").await?;
        ada.say(last).await?;
        bo.wait_message("Ada", last).await?;
    }

    let shown = said(&bo).await?;
    for tab in [&["a1", "a2", "a3", "a4"], &["b1", "b2", "b3", "b4"]] {
        let of_tab: Vec<_> = shown.iter().filter(|said| said.starts_with(&tab[0][..1])).collect();
        ensure!(of_tab == tab, "not each once and in order: Bo sees {shown:?}");
    }
    // The same is in the history, and in the tabs without a reload.
    for tab in [&first, &second] {
        ada.turn_to(tab).await?;
        ensure!(said(&ada).await? == shown, "a tab shows {:?}, Bo {shown:?}", said(&ada).await?);
    }
    ada.reload().await?;
    ada.wait_message("Ada", "a4").await?;
    ensure!(said(&ada).await? == shown, "the history has {:?}, Bo saw {shown:?}", said(&ada).await?);
    Ok(())
}

#[tokio::test]
async fn what_a_closed_tab_left_is_sent_once_by_another() -> Result<()> {
    let mut cluster = Cluster::start(2)?;
    let bo = Page::join(&cluster.nodes[1].url(), "harbour", "Bo").await?;
    let ada = Page::join(&cluster.nodes[0].url(), "harbour", "Ada").await?;
    let first = ada.tab().await?;
    ada.another_tab("harbour").await?;

    // A tab that stays takes it over.
    cluster.nodes[0].kill()?;
    ada.queue(&["left 1", "left 2"], 2).await?;
    ada.close_tab().await?;
    ada.turn_to(&first).await?;
    restart(&mut cluster.nodes[0])?;
    ada.live().await?;
    bo.wait_message("Ada", "left 2").await?;
    ada.wait_message("Ada", "left 2").await?;

    // Where none stays, the next one does.
    cluster.nodes[0].kill()?;
    ada.queue(&["left 3", "left 4"], 2).await?;
    let empty = ada.empty_tab().await?;
    ada.turn_to(&first).await?;
    ada.close_tab().await?;
    ada.turn_to(&empty).await?;
    restart(&mut cluster.nodes[0])?;
    ada.go("harbour").await?;
    ada.live().await?;
    bo.wait_message("Ada", "left 4").await?;
    ada.wait_message("Ada", "left 4").await?;

    ada.say("all").await?;
    bo.wait_message("Ada", "all").await?;
    let shown = said(&bo).await?;
    ensure!(shown == ["left 1", "left 2", "left 3", "left 4", "all"], "Bo sees {shown:?}");
    ensure!(said(&ada).await? == shown, "Ada sees {:?}", said(&ada).await?);
    Ok(())
}
