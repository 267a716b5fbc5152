//! How connections end.

use anyhow::{Result, ensure};

use super::Cases;
use crate::Target;

pub(super) const CASES: Cases = &[
    ("a close with 1000 is answered with 1000", close_is_answered),
    ("a message over 65536 bytes ends with 1009", too_big),
    ("a text frame that is not UTF-8 ends with 1007", not_utf8),
    ("an unmasked frame ends with 1002", unmasked),
    ("no hello within 10 s ends with 3501", no_hello),
];

fn close_is_answered(target: &Target) -> Result<()> {
    let code = target.guest("Ana")?.close()?;
    ensure!(code == Some(1000), "answered with {code:?}");
    Ok(())
}

fn too_big(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.send_text(&" ".repeat(65_537))?;
    let code = client.close_code()?;
    ensure!(code == Some(1009), "closed with {code:?}");
    Ok(())
}

fn not_utf8(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    // A final text frame of two bytes, masked with zeros.
    client.send_raw(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])?;
    let code = client.close_code()?;
    ensure!(code == Some(1007), "closed with {code:?}");
    Ok(())
}

fn unmasked(target: &Target) -> Result<()> {
    let mut client = target.guest("Ana")?;
    client.send_raw(&[0x81, 0x02, b'{', b'}'])?;
    let code = client.close_code()?;
    ensure!(code == Some(1002), "closed with {code:?}");
    Ok(())
}

fn no_hello(target: &Target) -> Result<()> {
    let code = target.connect()?.close_code()?;
    ensure!(code == Some(3501), "closed with {code:?}");
    Ok(())
}
