//! What counts as an emoji (Unicode Technical Standard #51, in short).

/// Longest emoji, in bytes. Families, flags of regions and people with skin tones stay well below it.
pub const LONGEST: usize = 64;

/// The length in bytes of the emoji at the start of a text; `None` if there is none. At most [`LONGEST`].
pub fn length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    let (_, first) = chars.next()?;
    if is_flag_letter(first) {
        return chars
            .next()
            .filter(|(_, second)| is_flag_letter(*second))
            .map(|(at, second)| at + second.len_utf8());
    }
    if matches!(first, '0'..='9' | '#' | '*') {
        let (_, selector) = chars.next()?;
        let keycap = if selector == '\u{fe0f}' { chars.next()? } else { return None };
        return (keycap.1 == '\u{20e3}').then(|| keycap.0 + keycap.1.len_utf8());
    }
    let mut chosen = is_picture(first);
    if !chosen && !is_symbol(first) {
        return None;
    }
    let mut end = first.len_utf8();
    while let Some((at, c)) = chars.next() {
        match c {
            '\u{fe0f}' => chosen = true,
            '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' => {}
            '\u{200d}' if chars.peek().is_some_and(|(_, next)| is_picture(*next) || is_symbol(*next)) => {
                chosen = true;
                let (at, joined) = chars.next()?;
                end = at + joined.len_utf8();
                continue;
            }
            _ => break,
        }
        end = at + c.len_utf8();
    }
    (chosen && end <= LONGEST).then_some(end)
}

fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Shown as a picture without being asked to.
fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' | '\u{1f004}' | '\u{1f0cf}' | '\u{1f18e}'
        | '\u{1f191}'..='\u{1f19a}' | '\u{1f201}' | '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23ec}' | '\u{23f0}'
        | '\u{23f3}' | '\u{25fd}' | '\u{25fe}' | '\u{2614}' | '\u{2615}' | '\u{2648}'..='\u{2653}' | '\u{267f}'
        | '\u{2693}' | '\u{26a1}' | '\u{26aa}' | '\u{26ab}' | '\u{26bd}' | '\u{26be}' | '\u{26c4}' | '\u{26c5}'
        | '\u{26ce}' | '\u{26d4}' | '\u{26ea}' | '\u{26f2}' | '\u{26f3}' | '\u{26f5}' | '\u{26fa}' | '\u{26fd}'
        | '\u{2705}' | '\u{270a}' | '\u{270b}' | '\u{2728}' | '\u{274c}' | '\u{274e}' | '\u{2753}'..='\u{2755}'
        | '\u{2757}' | '\u{2795}'..='\u{2797}' | '\u{27b0}' | '\u{27bf}' | '\u{2b1b}' | '\u{2b1c}' | '\u{2b50}'
        | '\u{2b55}')
}

/// Shown as a picture when a variation selector asks for it.
fn is_symbol(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
        | '\u{2328}'..='\u{23fa}' | '\u{24c2}' | '\u{25aa}'..='\u{25fe}' | '\u{2600}'..='\u{27bf}'
        | '\u{2934}' | '\u{2935}' | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f170}'..='\u{1f19a}' | '\u{1f202}'..='\u{1f251}')
}
