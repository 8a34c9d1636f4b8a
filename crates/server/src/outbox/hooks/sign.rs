//! Signatures of webhooks: HMAC-SHA256, as Standard Webhooks 1.0.0 has it and as `ob-signature` does. How a receiver checks them is in docs/WEBHOOKS.md.

use std::fmt::Write;

use aforo_domain::webhooks::WebhookSecret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// A secret as whoever set the webhook up is shown it, once.
pub fn shown(secret: WebhookSecret) -> String {
    format!("whsec_{}", STANDARD.encode(secret.0))
}

/// `webhook-signature`: over id, time and body, with the secret's bytes.
pub fn standard(secret: WebhookSecret, id: &str, seconds: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0));
    context.update(format!("{id}.{seconds}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

/// `ob-signature`: over the body alone, with the secret as it is shown. Its receivers know one key, so the newest signs.
pub fn of_body(secret: WebhookSecret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, shown(secret).as_bytes());
    hex(hmac::sign(&key, body).as_ref())
}

/// Bytes as hexadecimal characters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use aforo_domain::webhooks::WebhookSecret;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::{of_body, shown, standard};

    /// What openssl says of the same.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let secret = WebhookSecret([7; 32]);
        assert_eq!(shown(secret), format!("whsec_{}", STANDARD.encode([7; 32])));
        // printf '3-17.1674087231.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707.. -binary | base64
        assert_eq!(standard(secret, "3-17", 1_674_087_231, b"{\"a\":1}"), "v1,Q6BbXmQsAmHuw2IT0IU2ldeh2guHQUbH2MrmodDCgOM=");
        // printf '{"a":1}' | openssl dgst -sha256 -hmac whsec_BwcH..
        assert_eq!(of_body(secret, b"{\"a\":1}"), "5e311a3de1d034f7795443197f92801512827c7024b3fb51f95840bd250f1dcc");
    }
}
