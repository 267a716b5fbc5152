//! The picture in the README, taken on demand.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result, ensure};
use thirtyfour::By;

use crate::{
    browser::{Browser, Screen},
    classic::Classic,
    nodes::Cluster,
    page::Page,
};

const PORTS: [u16; 2] = [8080, 8081];
const WINDOW: Screen = Screen::Window(800, 620);

/// Who says what; the third person uses a classic client.
const TALK: [(usize, &str); 8] = [
    (0, "Morning! The second node is up, I’m on 8080"),
    (1, "And I’m on 8081, same room :)"),
    (1, "What happens if I pull the plug on yours?"),
    (0, "Try it. The page comes back by itself and asks for *exactly* what it missed"),
    (2, "the old Postman tab from last year still works, too"),
    (1, "Nothing lost, nothing twice. I restarted it three times"),
    (0, "```\ncargo xtask cluster\n```"),
    (1, "Lovely. Lunch?"),
];

/// `cargo test -p e2e -- --ignored the_picture_in_the_readme` writes `docs/screenshot.png`. Ports 8080 and 8081 must
/// be free.
#[tokio::test]
#[ignore = "writes docs/screenshot.png"]
async fn the_picture_in_the_readme() -> Result<()> {
    let cluster = Cluster::start_on(&PORTS)?;
    let ada = Page::open_on(WINDOW, &cluster.nodes[0].url(), "general").await?;
    ada.take_name("Ada").await?;
    let bo = Page::open_on(WINDOW, &cluster.nodes[1].url(), "general").await?;
    bo.take_name("Bo").await?;
    let mut classic = Classic::connect(&cluster.nodes[1]).await?;
    for (who, said) in TALK {
        match who {
            0 => ada.paste(said).await?,
            1 => bo.paste(said).await?,
            _ => classic.say("general", said).await?,
        }
        let count = 1 + TALK.iter().position(|line| line.1 == said).context("it is in the talk")?;
        for page in [&ada, &bo] {
            page.until(said, &format!("document.querySelectorAll('.log .msg time').length === {count}"))
                .await?;
        }
    }
    let folder = tempfile::tempdir()?;
    let mut windows = String::new();
    for (page, port) in [(&ada, PORTS[0]), (&bo, PORTS[1])] {
        let name = format!("{port}.png");
        page.until("nothing moves", "document.getAnimations().every(a => a.playState === 'finished')")
            .await?;
        page.browser.driver()?.screenshot(&folder.path().join(&name)).await?;
        write!(windows, "<figure><figcaption>localhost:{port}</figcaption><img src={name}></figure>")?;
    }
    let style = "body{margin:0;padding:20px;display:flex;gap:20px;width:max-content;background:#d9d3ca}\
        figure{margin:0;border-radius:10px;overflow:hidden;background:#f7f5f2}\
        figcaption{padding:9px 16px;font:13px system-ui;color:#5a534b}img{display:block}";
    let joined = folder.path().join("joined.html");
    fs::write(&joined, format!("<!doctype html><meta charset=utf-8><style>{style}</style>{windows}"))?;
    let browser = Browser::with(Screen::Window(1700, 900)).await?;
    browser.driver()?.goto(format!("file://{}", joined.display())).await?;
    let picture = browser.driver()?.find(By::Tag("body")).await?.screenshot_as_png().await?;
    ensure!(picture.len() <= 250 * 1024, "the picture has {} bytes", picture.len());
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshot.png"), picture)?;
    Ok(())
}
