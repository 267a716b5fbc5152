mod cost;

use proptest::prelude::*;

use super::*;

/// A body in a notation of the tests: `[b …]` bold, `[i …]` italic, `[c …]` code, `[a href|text]` (`[! …]` if it
/// deceives), `[m U+…]`, `⏎` for a line break, and blocks of code as `{language|code}`.
fn notation(body: &str) -> String {
    fn pieces(list: &[Piece]) -> String {
        list.iter().map(piece).collect()
    }
    fn piece(piece: &Piece) -> String {
        match piece {
            Piece::Text(text) => text.replace('\n', "⏎"),
            Piece::Code(code) => format!("[c {code}]"),
            Piece::Strong(inside) => format!("[b {}]", pieces(inside)),
            Piece::Emphasis(inside) => format!("[i {}]", pieces(inside)),
            Piece::Link { href, text, deceptive } => {
                let kind = if *deceptive { '!' } else { 'a' };
                if href == text { format!("[{kind} {href}]") } else { format!("[{kind} {href}|{text}]") }
            }
            Piece::Mark(label) => format!("[m {label}]"),
        }
    }
    let block = |block: &Block| match block {
        Block::Text(list) => pieces(list),
        Block::Code { language, code } => format!("{{{language}|{code}}}"),
    };
    read(body).blocks.iter().map(block).collect::<Vec<_>>().join(" ")
}

#[test]
fn lines() {
    for (body, expected) in [
        ("hello", "hello"),
        ("a\nb\r\n\nc", "a⏎b⏎⏎c"),
        ("\n\n a \n\n", " a "),
        ("   ", ""),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        // Code.
        ("a `b c` d", "a [c b c] d"),
        ("``a ` b``", "[c a ` b]"),
        ("`` ` ``", "[c `]"),
        ("` `", "[c  ]"),
        ("`a", "`a"),
        ("`a ``b``", "`a [c b]"),
        ("```one line```", "[c one line]"),
        ("`*a*`", "[c *a*]"),
        // Emphasis.
        ("*a* **b** _c_ __d__", "[b a] [b b] [i c] [i d]"),
        ("*a _b_ c*", "[b a [i b] c]"),
        ("(*a*)!", "([b a])!"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("* a * b", "* a * b"),
        ("*a", "*a"),
        ("*a *b*", "[b a *b]"),
        ("***a***", "***a***"),
        ("a*", "a*"),
        ("*", "*"),
        ("*日本*", "[b 日本]"),
        // Links.
        ("see https://a.example/b?c=d#e.", "see [a https://a.example/b?c=d#e]."),
        ("(https://a.example/x_(y))", "([a https://a.example/x_(y)])"),
        ("<https://a.example>", "<[a https://a.example]>"),
        ("*https://a.example*", "[b [a https://a.example]]"),
        ("HTTPS://a.example", "[a https://a.example|HTTPS://a.example]"),
        ("https://bank.example@evil.example/", "[! https://bank.example@evil.example/]"),
        ("mailto:@b mailto:a@ mailto:a@)", "mailto:@b mailto:a@ mailto:a@)"),
        ("mailto:mailto:a@b", "[a mailto:mailto:a@b]"),
        ("http:// mailto:x http://a.example/[1]]).", "http:// mailto:x [a http://a.example/[1]]])."),
        ("mailto:a@b.example, ok", "[a mailto:a@b.example], ok"),
        ("mailto:a", "mailto:a"),
        ("https:// http://", "https:// http://"),
        ("xhttps://a.example", "xhttps://a.example"),
        (
            "javascript:alert(1) data:text/html,x //a.example",
            "javascript:alert(1) data:text/html,x //a.example",
        ),
        ("https://a.example/ä/日本", "[a https://a.example/ä/日本]"),
        ("https://a.example/\u{202e}gpj", "[a https://a.example/][m U+202E]gpj"),
        ("https://a.example/a_b_c", "[a https://a.example/a_b_c]"),
        ("hm, mm, h", "hm, mm, h"),
        // Marks.
        ("a\u{202e}b\u{7}c\u{200b}", "a[m U+202E]b[m U+0007]c[m U+200B]"),
        ("`a\u{202e}`", "[c a[U+202E]]"),
        ("a\u{202e}\u{202e}\u{202e}b\u{202e}\u{7}", "a[m U+202E ×3]b[m U+202E and 1 more]"),
        ("a\tb", "a\tb"),
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
    ] {
        assert_eq!(notation(body), expected, "{body:?}");
    }
}

#[test]
fn fences() {
    for (body, expected) in [
        ("```\na\n\n  b\n```", "{|a\n\n  b}"),
        ("```rust\nfn *a*() {}\n```\nok", "{rust|fn *a*() {}} ok"),
        ("before\n\n```\na\n```\n\nafter", "before {|a} after"),
        ("````\n```\n````", "{|```}"),
        ("```\nnever closed", "{|never closed}"),
        ("```", "{|}"),
        ("```\na\u{2066}\n```", "{|a[U+2066]}"),
        ("a ```\nb\n```", "a ```⏎b {|}"),
    ] {
        assert_eq!(notation(body), expected, "{body:?}");
    }
}

#[test]
fn jumbo() {
    for (body, expected) in [
        ("🙋", true),
        ("🙋🏽 👨‍👩‍👧 ❤️", true),
        (" 🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣\n", true),
        ("☕", true),
        ("❤", false),
        ("©", false),
        ("🙋🙋🙋🙋", false),
        ("🙋 hi", false),
        ("1", false),
        ("12", false),
        ("🇩", false),
        ("", false),
        ("\u{200d}", false),
    ] {
        assert_eq!(read(body).jumbo, expected, "{body:?}");
    }
}

#[test]
fn names_show_what_cannot_be_seen() {
    for (name, expected) in [
        ("Ada", "Ada"),
        ("a\u{202e}b", "a[U+202E]b"),
        ("\u{7}\u{7}\u{7}", "[U+0007 ×3]"),
        ("a\u{200b}\u{feff}", "a[U+200B and 1 more]"),
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
    ] {
        assert_eq!(visible(name), expected);
    }
}

fn words(list: &[Piece], out: &mut String) {
    for piece in list {
        match piece {
            Piece::Text(text) | Piece::Code(text) | Piece::Link { text, .. } => out.push_str(text),
            Piece::Strong(inside) | Piece::Emphasis(inside) => words(inside, out),
            Piece::Mark(_) => {}
        }
    }
}

fn links(list: &[Piece], check: &mut dyn FnMut(&str)) {
    for piece in list {
        match piece {
            Piece::Link { href, .. } => check(href),
            Piece::Strong(inside) | Piece::Emphasis(inside) => links(inside, check),
            Piece::Text(_) | Piece::Code(_) | Piece::Mark(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_was_written_is_lost(body in r"([a-zé日🙋 *_`\n\.\(\)\u{202e}]|https://|mailto:|javascript:){0,60}") {
        let mut shown = String::new();
        for block in read(&body).blocks {
            match block {
                Block::Text(list) => {
                    words(&list, &mut shown);
                    links(&list, &mut |href| {
                        assert!(["https://", "http://", "mailto:"].iter().any(|scheme| href.starts_with(scheme)));
                    });
                }
                Block::Code { language, code } => shown.extend([language, code]),
            }
        }
        let letters = |text: &str| -> String {
            text.replace("[U+202E]", "").chars().filter(|c| c.is_alphanumeric() || matches!(c, '🙋' | '(' | '.')).collect()
        };
        prop_assume!(!body.contains("```"));
        prop_assert_eq!(letters(&shown), letters(&body));
    }

    #[test]
    fn any_text_is_read(body in any::<String>()) {
        read(&body);
    }
}
