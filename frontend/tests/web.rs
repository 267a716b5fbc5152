//! The view in a real browser: message text stays text, delivery states are shown, keys work.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "web/fixture.rs"]
mod fixture;

use fixture::{Changes, Fixture, message, nonce, press, said};
use frontend::{
    components::banner,
    state::{
        Banner,
        timeline::rows::{Break, Delivery, Reaction, Row},
    },
    time::Day,
};
use leptos::prelude::*;
use shared::error::ErrorCode;
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
    let fixture = Fixture::log(texts.iter().zip(1..).map(|(text, id)| said(id, text)).collect()).await;
    for (text, id) in texts.iter().zip(1..) {
        assert_eq!(fixture.text(&format!("#m{id}-body")), *text);
    }
    assert_eq!(fixture.count(".body *"), 0, "nothing in a message became an element");
    let hacked = js_sys::Reflect::get(&leptos::prelude::window(), &"hacked".into()).unwrap();
    assert!(hacked.is_undefined());
}

#[wasm_bindgen_test]
async fn a_link_that_reads_like_another_host_shows_where_it_leads() {
    let texts = [
        ("https://a.example/b", Some("https://a.example/b"), None),
        (
            "https://bank.example@evil.example/",
            Some("https://bank.example@evil.example/"),
            Some("evil.example"),
        ),
        ("https://\u{430}pple.example/", Some("https://\u{430}pple.example/"), Some("xn--pple-43d.example")),
        ("https://127.1:8080", Some("https://127.1:8080"), Some("127.0.0.1:8080")),
        // The browser cannot read it, so it is no link.
        ("https://a.example:x", None, None),
        ("javascript:alert(1)", None, None),
    ];
    let fixture = Fixture::log(texts.iter().zip(1..).map(|((text, ..), id)| said(id, text)).collect()).await;
    for ((text, href, host), id) in texts.iter().zip(1..) {
        let link = fixture.find(&format!("#m{id}-body a"));
        assert_eq!(link.and_then(|link| link.get_attribute("href")).as_deref(), *href, "{text}");
        let tag = fixture.find(&format!("#m{id}-body .tag")).and_then(|tag| tag.text_content());
        assert_eq!(tag.as_deref(), *host, "{text}");
    }
}

#[wasm_bindgen_test]
async fn a_body_of_marks_is_a_few_elements() {
    let marks = "\u{202e}".repeat(5461);
    let fixture = Fixture::log(vec![said(1, &marks), said(2, &"\u{202e}a".repeat(4000))]).await;
    assert_eq!(fixture.text("#m1-body"), "U+202E ×5461");
    assert_eq!((fixture.count("#m1-body *"), fixture.count("#m2-body *")), (1, 0));
}

#[wasm_bindgen_test]
async fn a_message_has_its_parts_in_order() {
    let fixture = Fixture::log(vec![said(1, "hello")]).await;
    let parts: Vec<String> = fixture.all("#m1 > *").iter().map(web_sys::Element::class_name).collect();
    assert_eq!(parts, ["avatar", "row", "body", "acts row float"]);
    assert_eq!(fixture.text("#m1 > .avatar"), "AL");
    assert_eq!(fixture.text("#m1-who"), "Ada Lovelace");
    assert_eq!(fixture.one("#m1").get_attribute("aria-labelledby").unwrap(), "m1-who m1-when m1-body");
    assert!(fixture.one("#m1-when").get_attribute("datetime").unwrap().starts_with("2026-11-24T"));
    assert_eq!(fixture.one("#m1-body").get_attribute("dir").unwrap(), "auto");
}

#[wasm_bindgen_test]
async fn reactions_stand_below_the_body() {
    let mut liked = message(1, "hello");
    let reaction = |emoji: &str, count, own| Reaction { emoji: emoji.parse().unwrap(), count, own };
    liked.reactions = vec![reaction("👍", 2, true), reaction("🎉", 1, false)];
    let fixture = Fixture::log(vec![Row::Message(liked)]).await;
    let parts: Vec<String> = fixture.all("#m1 > *").iter().map(web_sys::Element::class_name).collect();
    assert_eq!(parts, ["avatar", "row", "body", "marks row", "acts row float"]);
    let chips = fixture.all("#m1 > .marks > .btn");
    let shown: Vec<_> =
        chips.iter().map(|chip| (chip.text_content(), chip.get_attribute("aria-pressed"))).collect();
    let expected =
        [("👍 2", "true"), ("🎉 1", "false")].map(|(text, own)| (Some(text.into()), Some(own.into())));
    assert_eq!(shown, expected);
}

#[wasm_bindgen_test]
async fn the_one_above_says_who_already() {
    let mut second = message(2, "and this");
    second.cont = true;
    let fixture = Fixture::log(vec![said(1, "this"), (Row::Message(second))]).await;
    assert!(!fixture.has("#m1.cont"));
    assert!(fixture.has("#m2.cont"));
    // The name is hidden from the eye, not from screen readers.
    assert_eq!(fixture.text("#m2-who"), "Ada Lovelace");
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
    let fixture = Fixture::log(rows).await;
    assert_eq!(fixture.one(".day time").get_attribute("datetime").unwrap(), "2024-10-04");
    assert!(fixture.text(".since h3.glow").starts_with("New since "));
    assert!(fixture.text("li.info").contains("lost"));
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
        let fixture = Fixture::log(vec![Row::Message(own)]).await;
        assert_eq!(
            fixture.find("#m1-state").map(|state| state.text_content().unwrap().trim().to_owned()).as_deref(),
            words
        );
        assert_eq!(fixture.count("#m1 .state button"), buttons, "{state:?}");
        assert_eq!(fixture.has("#m1.wait"), words.is_some(), "{state:?}");
        assert_eq!(fixture.has("#m1-when"), words.is_none(), "no time until stored: {state:?}");
        assert_eq!(fixture.one("#m1").get_attribute("data-hue").unwrap(), "me");
    }
}

#[wasm_bindgen_test]
async fn sending_is_silent_at_first_and_keeps_its_element() {
    let mut own = message(1, "mine");
    (own.own, own.state) = (true, Delivery::Sending);
    let fixture = Fixture::log(vec![Row::Message(own.clone())]).await;
    let element = fixture.one("#m1");
    assert!(!fixture.has("#m1.wait"), "nothing for 400 ms");
    fixture.until(|fixture| fixture.text("#m1-state").trim() == "Sending").await;
    own.state = Delivery::Stored;
    fixture.set(0, Row::Message(own));
    fixture.until(|fixture| !fixture.has("#m1-state")).await;
    assert!(element.is_same_node(Some(&fixture.one("#m1"))), "confirmed in place");
    assert!(fixture.has("#m1-when"));
}

#[wasm_bindgen_test]
async fn the_log_is_one_tab_stop() {
    let fixture = Fixture::log((1..=3).map(|id| said(id, "text")).collect()).await;
    let stops = |fixture: &Fixture| {
        fixture.all(".log [tabindex='0']").iter().map(web_sys::Element::id).collect::<Vec<_>>()
    };
    assert_eq!(stops(&fixture), ["m3"]);
    fixture.focus("#m3");
    for (key, at) in
        [("ArrowUp", "m2"), ("Home", "m1"), ("ArrowUp", "m1"), ("End", "m3"), ("ArrowDown", "m3")]
    {
        press(&document().active_element().unwrap(), key, false, 0, false);
        assert_eq!(document().active_element().unwrap().id(), at, "{key}");
        assert_eq!(stops(&fixture), [at]);
    }
    press(&fixture.one("#m3"), "Enter", false, 0, false);
    assert_eq!(
        document().active_element().unwrap().get_attribute("aria-label").as_deref(),
        Some("Copy text")
    );
    press(&document().active_element().unwrap(), "Escape", false, 0, false);
    assert_eq!(document().active_element().unwrap().id(), "m3");
}

#[wasm_bindgen_test]
async fn enter_sends_except_while_an_input_method_composes() {
    let fixture = Fixture::composer().await;
    let field = fixture.one("#draft");
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
    let fixture = Fixture::composer().await;
    fixture.room.draft.set("half a th".into());
    fixture.until(|fixture| fixture.value("#draft") == "half a th").await;
    assert!(fixture.text(".send").contains("Queue"), "nobody listens yet");
    fixture.room.draft.set(String::new());
    fixture.until(|fixture| fixture.value("#draft").is_empty()).await;
}

#[wasm_bindgen_test]
async fn an_arrival_changes_two_rows_and_no_other() {
    let fixture = Fixture::log((1..=320).map(|id| said(id, "a *line* of text")).collect()).await;
    let changes = Changes::of(&fixture.one(".log ol"));
    let mut second = message(320, "a *line* of text");
    second.cont = true;
    fixture.set(319, Row::Message(second));
    fixture.push(said(321, "new"));
    fixture.until(|fixture| fixture.has("#m321") && fixture.has("#m320.cont")).await;
    assert_eq!(changes.messages(), ["m320", "m321"]);
}

#[wasm_bindgen_test]
async fn namesakes_are_told_apart() {
    let mut other = message(2, "who am I");
    other.mark = Some("ada".to_owned());
    let fixture = Fixture::log(vec![said(1, "hello"), Row::Message(other)]).await;
    assert_eq!(fixture.text("#m1 .apart"), "");
    assert_eq!(fixture.text("#m2 .apart"), "ada");
}

#[wasm_bindgen_test]
async fn an_empty_room_is_an_invitation() {
    let fixture = Fixture::log(Vec::new()).await;
    assert!(fixture.text(".empty").contains("Send the first one"));
    assert!(fixture.text(".empty code").ends_with("/r/general"));
    fixture.push(said(1, "first"));
    fixture.until(|fixture| fixture.has("#m1") && !fixture.has(".empty")).await;
}

#[wasm_bindgen_test]
async fn the_banner_says_what_happens_next() {
    let fixture =
        Fixture::mount(|chat, _| banner::line(chat, &Banner::Reconnecting { seconds: Some(4) }).into_any())
            .await;
    assert!(fixture.text(".banner").contains("Reconnecting… next try in 4 s"));
    assert_eq!(fixture.text(".banner button"), "Try now");
}

#[wasm_bindgen_test]
async fn a_reader_in_the_middle_keeps_the_line() {
    let fixture = Fixture::log((100..200).map(|id| said(id, "a line of text")).collect()).await;
    let log = fixture.one(".log");
    let end = || log.scroll_height() - log.client_height();
    fixture.until(|_| end() > 1000 && end() - log.scroll_top() < 2).await;

    log.set_scroll_top(end() / 2);
    fixture.frames(2).await;
    let top = || fixture.one("#m150").get_bounding_client_rect().top();
    let before = top();
    fixture.prepend((0..50).map(|id| said(id, "an older line, which is\nhigher")).collect());
    fixture.push(said(300, "a newer line"));
    fixture.until(|fixture| fixture.has("#m0") && fixture.has("#m300")).await;
    assert!((top() - before).abs() < 2.0, "moved by {}", top() - before);
    fixture.drop_first(30);
    fixture.until(|fixture| !fixture.has("#m0")).await;
    assert!((top() - before).abs() < 2.0, "moved by {} when rows above went", top() - before);

    log.set_scroll_top(end());
    fixture.frames(2).await;
    fixture.push(said(301, "one more"));
    fixture.until(|fixture| fixture.has("#m301")).await;
    assert!(end() - log.scroll_top() < 2, "a reader at the end follows");
}

#[wasm_bindgen_test]
async fn retry_and_delete_name_the_message() {
    let mut own = message(7, "mine");
    (own.own, own.state) = (true, Delivery::Failed(ErrorCode::Unavailable));
    assert_eq!(own.nonce, nonce(7));
    let fixture = Fixture::log(vec![Row::Message(own)]).await;
    let labels: Vec<_> =
        fixture.all(".state button").iter().filter_map(|button| button.text_content()).collect();
    assert_eq!(labels, ["Retry", "Copy", "Delete"]);
}
