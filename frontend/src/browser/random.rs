//! Random numbers.

/// A random number in `0.0..1.0`, to spread retries over time.
pub fn unit() -> f64 {
    js_sys::Math::random()
}

/// 128 random bits as 22 characters of `A–Z a–z 0–9 _ -`.
pub fn word() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = [0_u8; 22];
    let crypto = web_sys::window().and_then(|window| window.crypto().ok());
    if crypto.is_none_or(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_err()) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 256")]
        bytes.fill_with(|| (unit() * 256.0) as u8);
    }
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}
