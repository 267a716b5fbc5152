//! Which encoding a client gets (RFC 9110 §12.5.3): the one that it likes best, the smallest among equals.

use axum::http::HeaderValue;
use axum::http::header::GetAll;

use super::table::File;

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Brotli,
    Gzip,
}

impl Encoding {
    /// What Content-Encoding says; nothing for the plain file.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }
}

/// The encoding of a file for a client that sent these Accept-Encoding headers, and its bytes.
/// A client that accepts nothing gets the plain file: that is better than an error.
pub(super) fn choose(file: &File, accept: &GetAll<'_, HeaderValue>) -> (Encoding, &'static [u8]) {
    let wishes = Wishes::read(accept.iter().filter_map(|value| value.to_str().ok()));
    let copies = [(Encoding::Brotli, wishes.brotli, file.brotli), (Encoding::Gzip, wishes.gzip, file.gzip)];
    let mut best = (Encoding::Identity, file.identity);
    let mut weight = 0;
    for (encoding, wish, bytes) in copies {
        if let Some(bytes) = bytes
            && wish > weight
        {
            best = (encoding, bytes);
            weight = wish;
        }
    }
    // The plain file wins only if the client named it.
    if wishes.identity.is_some_and(|identity| identity > weight) {
        best = (Encoding::Identity, file.identity);
    }
    best
}

/// How much a client wants each encoding, in thousandths; zero is not at all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    brotli: u16,
    gzip: u16,
    /// Nothing: not mentioned, which allows it.
    identity: Option<u16>,
}

impl Wishes {
    fn read<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let (mut brotli, mut gzip, mut identity, mut others) = (None, None, None, None);
        for item in values.flat_map(|value| value.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(quality).unwrap_or(1000);
            let slot = match name.to_ascii_lowercase().as_str() {
                "br" => &mut brotli,
                "gzip" | "x-gzip" => &mut gzip,
                "identity" => &mut identity,
                "*" => &mut others,
                _ => continue,
            };
            *slot = Some(weight);
        }
        let or_others = |wish: Option<u16>| wish.or(others).unwrap_or(0);
        Self { brotli: or_others(brotli), gzip: or_others(gzip), identity }
    }
}

/// `q=0.5` as 500; a weight that cannot be read counts as not wanted.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let thousandths = (value.clamp(0.0, 1.0) * 1000.0) as u16;
    Some(thousandths)
}
