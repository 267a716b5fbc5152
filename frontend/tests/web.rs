//! The view in a real browser: what is said stays text, states are told, keys do what people expect.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "web/stand.rs"]
mod stand;

use frontend::{
    components::banner,
    state::{
        Banner,
        timeline::rows::{Break, Delivery, Row},
    },
    time::Day,
};
use leptos::prelude::*;
use shared::error::ErrorCode;
use stand::{Stand, message, nonce, press, said};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn markup_in_a_message_stays_text() {
    let texts = [
        "<script>window.hacked = 1</script>",
        "<img src=x onerror=\"window.hacked = 1\">",
        "javascript:window.hacked=1",
        "[click](javascript:window.hacked=1)",
        "</p></article><h1>out</h1>",
    ];
    let stand = Stand::log(texts.iter().zip(1..).map(|(text, id)| said(id, text)).collect()).await;
    for (text, id) in texts.iter().zip(1..) {
        assert_eq!(stand.text(&format!("#m{id}-said")), *text);
    }
    assert_eq!(stand.count(".said *"), 0, "nothing in a message became an element");
    let hacked = js_sys::Reflect::get(&leptos::prelude::window(), &"hacked".into()).unwrap();
    assert!(hacked.is_undefined());
}

#[wasm_bindgen_test]
async fn a_message_has_its_parts_in_order() {
    let stand = Stand::log(vec![said(1, "hello")]).await;
    let parts: Vec<String> = stand.all("#m1 > *").iter().map(web_sys::Element::class_name).collect();
    assert_eq!(parts, ["voice", "row", "said", "acts row float"]);
    assert_eq!(stand.text("#m1 > .voice"), "AL");
    assert_eq!(stand.text("#m1-who"), "Ada Lovelace");
    assert_eq!(stand.one("#m1").get_attribute("aria-labelledby").unwrap(), "m1-who m1-when m1-said");
    assert!(stand.one("#m1-when").get_attribute("datetime").unwrap().starts_with("2026-11-24T"));
    assert_eq!(stand.one("#m1-said").get_attribute("dir").unwrap(), "auto");
}

#[wasm_bindgen_test]
async fn the_one_above_says_who_already() {
    let mut second = message(2, "and this");
    second.cont = true;
    let stand = Stand::log(vec![said(1, "this"), (Row::Message(second))]).await;
    assert!(!stand.has("#m1.cont"));
    assert!(stand.has("#m2.cont"));
    // Hidden for the eye only: it is still read out.
    assert_eq!(stand.text("#m2-who"), "Ada Lovelace");
}

#[wasm_bindgen_test]
async fn lines_between_messages() {
    let rows = vec![
        Row::Day(Day(20_000)),
        said(1, "old"),
        Row::Since { at: 1_795_478_400_000 },
        said(2, "new"),
        Row::Break(Break::Lost),
        said(3, "after"),
    ];
    let stand = Stand::log(rows).await;
    assert_eq!(stand.one(".day time").get_attribute("datetime").unwrap(), "2024-10-04");
    assert!(stand.text(".since h3.glow").starts_with("New since "));
    assert!(stand.text("li.info").contains("lost"));
}

#[wasm_bindgen_test]
async fn states_of_an_own_message() {
    for (state, words, buttons) in [
        (Delivery::Stored, None, 0),
        (Delivery::Queued, Some("Queued"), 0),
        (Delivery::Failed(ErrorCode::Internal), Some("Not sent"), 3),
        (Delivery::Failed(ErrorCode::MessageTooLong), Some("Not sent: too long"), 3),
        (Delivery::Unsure, Some("May have been sent"), 3),
    ] {
        let mut own = message(1, "mine");
        (own.own, own.state) = (true, state);
        let stand = Stand::log(vec![Row::Message(own)]).await;
        assert_eq!(
            stand.find("#m1-state").map(|state| state.text_content().unwrap().trim().to_owned()).as_deref(),
            words
        );
        assert_eq!(stand.count("#m1 .state button"), buttons, "{state:?}");
        assert_eq!(stand.has("#m1.wait"), words.is_some(), "{state:?}");
        assert_eq!(stand.has("#m1-when"), words.is_none(), "no time until stored: {state:?}");
        assert_eq!(stand.one("#m1").get_attribute("data-hue").unwrap(), "me");
    }
}

#[wasm_bindgen_test]
async fn sending_is_silent_at_first_and_keeps_its_element() {
    let mut own = message(1, "mine");
    (own.own, own.state) = (true, Delivery::Sending);
    let stand = Stand::log(vec![Row::Message(own.clone())]).await;
    let element = stand.one("#m1");
    assert!(!stand.has("#m1.wait"), "nothing for 400 ms");
    stand.until(|stand| stand.text("#m1-state").trim() == "Sending").await;
    own.state = Delivery::Stored;
    stand.set(0, Row::Message(own));
    stand.until(|stand| !stand.has("#m1-state")).await;
    assert!(element.is_same_node(Some(&stand.one("#m1"))), "confirmed in place");
    assert!(stand.has("#m1-when"));
}

#[wasm_bindgen_test]
async fn the_log_is_one_tab_stop() {
    let stand = Stand::log((1..=3).map(|id| said(id, "text")).collect()).await;
    let stops =
        |stand: &Stand| stand.all(".log [tabindex='0']").iter().map(web_sys::Element::id).collect::<Vec<_>>();
    assert_eq!(stops(&stand), ["m3"]);
    stand.focus("#m3");
    for (key, at) in
        [("ArrowUp", "m2"), ("Home", "m1"), ("ArrowUp", "m1"), ("End", "m3"), ("ArrowDown", "m3")]
    {
        press(&document().active_element().unwrap(), key, false, 0, false);
        assert_eq!(document().active_element().unwrap().id(), at, "{key}");
        assert_eq!(stops(&stand), [at]);
    }
    press(&stand.one("#m3"), "Enter", false, 0, false);
    assert_eq!(
        document().active_element().unwrap().get_attribute("aria-label").as_deref(),
        Some("Copy text")
    );
    press(&document().active_element().unwrap(), "Escape", false, 0, false);
    assert_eq!(document().active_element().unwrap().id(), "m3");
}

#[wasm_bindgen_test]
async fn enter_sends_except_while_an_input_method_composes() {
    let stand = Stand::composer().await;
    let field = stand.one("#draft");
    for (name, shift, code, composing, sends) in [
        ("enter", false, 13, false, true),
        ("shift and enter", true, 13, false, false),
        ("composing", false, 13, true, false),
        ("taken by the input method", false, 229, false, false),
    ] {
        assert_eq!(press(&field, "Enter", shift, code, composing), sends, "{name}");
    }
    assert!(!press(&field, "a", false, 65, false));
}

#[wasm_bindgen_test]
async fn the_composer_follows_the_draft() {
    let stand = Stand::composer().await;
    stand.room.draft.set("half a th".into());
    stand.until(|stand| stand.value("#draft") == "half a th").await;
    assert!(stand.text(".send").contains("Queue"), "nobody listens yet");
    stand.room.draft.set(String::new());
    stand.until(|stand| stand.value("#draft").is_empty()).await;
}

#[wasm_bindgen_test]
async fn an_empty_room_is_an_invitation() {
    let stand = Stand::log(Vec::new()).await;
    assert!(stand.text(".empty").contains("Send the first one"));
    assert!(stand.text(".empty code").ends_with("/r/general"));
    stand.push(said(1, "first"));
    stand.until(|stand| stand.has("#m1") && !stand.has(".empty")).await;
}

#[wasm_bindgen_test]
async fn the_banner_says_what_happens_next() {
    let stand =
        Stand::mount(|chat, _| banner::line(chat, &Banner::Reconnecting { seconds: Some(4) }).into_any())
            .await;
    assert!(stand.text(".banner").contains("Reconnecting… next try in 4 s"));
    assert_eq!(stand.text(".banner button"), "Try now");
}

#[wasm_bindgen_test]
async fn a_reader_in_the_middle_keeps_the_line() {
    let stand = Stand::log((100..200).map(|id| said(id, "a line of text")).collect()).await;
    let log = stand.one(".log");
    let end = || log.scroll_height() - log.client_height();
    stand.until(|_| end() > 1000 && end() - log.scroll_top() < 2).await;

    log.set_scroll_top(end() / 2);
    stand.frames(2).await;
    let top = || stand.one("#m150").get_bounding_client_rect().top();
    let before = top();
    stand.prepend((0..50).map(|id| said(id, "an older line, which is\nhigher")).collect());
    stand.push(said(300, "a newer line"));
    stand.until(|stand| stand.has("#m0") && stand.has("#m300")).await;
    assert!((top() - before).abs() < 2.0, "moved by {}", top() - before);
    stand.drop_first(30);
    stand.until(|stand| !stand.has("#m0")).await;
    assert!((top() - before).abs() < 2.0, "moved by {} when rows above went", top() - before);

    log.set_scroll_top(end());
    stand.frames(2).await;
    stand.push(said(301, "one more"));
    stand.until(|stand| stand.has("#m301")).await;
    assert!(end() - log.scroll_top() < 2, "a reader at the end follows");
}

#[wasm_bindgen_test]
async fn retry_and_delete_name_the_message() {
    let mut own = message(7, "mine");
    (own.own, own.state) = (true, Delivery::Failed(ErrorCode::Unavailable));
    assert_eq!(own.nonce, nonce(7));
    let stand = Stand::log(vec![Row::Message(own)]).await;
    let labels: Vec<_> =
        stand.all(".state button").iter().filter_map(|button| button.text_content()).collect();
    assert_eq!(labels, ["Retry", "Copy", "Delete"]);
}
