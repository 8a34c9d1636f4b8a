//! What an error code means to somebody who sells for the first time: the catalogue's own row, and what to try. The rules behind the codes are
//! the server's.

use aforo_domain::error::Code;

use crate::client::Answer;

/// Why a step was refused and what to do about it, in sentences.
pub fn refusal(answer: &Answer) -> String {
    let error = answer.error();
    let known = Code::ALL.iter().find(|code| code.as_str() == error.code);
    let meaning = match known {
        Some(code) => format!("{} is answered with status {}: {}.", code.as_str(), code.status(), error.message.trim_end_matches('.')),
        None if error.code.is_empty() => {
            format!("Status {} without a code of the catalogue: is this the base URL of the API?", answer.status)
        }
        None => format!("{} is not a code this version knows: {}", error.code, error.message),
    };
    match advice(&error.code) {
        Some(advice) => format!("{meaning} {advice}"),
        None => meaning,
    }
}

fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "AUTH0004" | "AUTH0005" => "Check --channel, or take the credentials file of this very server.",
        "AUTH0006" | "AUTH0007" | "AUTH0008" | "AUTH0009" | "AUTH0010" => {
            "The channel, its entity or its operator has been switched off; whoever runs the server can switch it on."
        }
        "AUTH0011" | "AUTH0012" | "AUTH0019" => "This kind of channel sells at a counter with a terminal; choose a WEB channel here.",
        "AUTH001" => "The token is missing, too old or of another server: sign in again.",
        "INVALID_AUTH_CLIENT_ID" | "FORBIDDEN_RESOURCE" | "AUTH0023" => {
            "These credentials are for another API; a selling channel's are needed."
        }
        "SESSION_NOT_FOUND" => "The session is not published in this channel; leave --session out to take one that is.",
        "ORDER_SEAT_NOT_AVAILABLE" => {
            "Somebody else was faster, or the sale is not open. Nothing is held: all the seats of one call, or none. Run it again."
        }
        "ORPHAN_SEAT" => "The choice would leave a single free seat that nobody wants. Another --quantity or session avoids it.",
        "SESSION_SALES_LIMIT_EXCEEDED" | "ORDER_ITEMS_LIMIT_EXCEEDED" => "A smaller --quantity fits.",
        "ORDER_EXPIRED" => "A basket lives some minutes from its last change, then its seats are free again. Start a new order.",
        "ORDER_NOT_FOUND" => "No such order for this channel; another channel's order looks the same as none.",
        "ORDER_INVALID_STATUS" => "The steps have an order: basket, pre-confirm, confirm.",
        "ORDER_BUYER_DATA_REQUIRED" | "ORDER_ATTENDEE_DATA_REQUIRED" => {
            "This channel or event wants more fields; GET /distribution-api/v1/forms/BUYER lists them."
        }
        "PURCHASE_NOT_TOTALLY_PAID" => "The payments must add up to the order's to_pay.",
        "DIST0004" | "DIST0005" | "DIST0006" => "The message names the fields; the reference at /docs shows their form.",
        "TOO_MANY_REQUESTS" | "OVERLOADED" => "Wait for the seconds that the Retry-After header names, then run it again.",
        "DIST0000" => "This is the server's fault; its log has more under the request_id.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_seat_is_explained_and_nonsense_is_owned_up_to() {
        let answer = |status, body: &'static str| Answer { status, body: body.into() };
        let taken = refusal(&answer(409, r#"{"code":"ORDER_SEAT_NOT_AVAILABLE","message":"Seat not found or available"}"#));
        assert!(taken.contains("409") && taken.contains("Somebody else was faster"), "{taken}");
        assert!(refusal(&answer(502, "<html>")).contains("is this the base URL"));
    }

    #[test]
    fn advice_is_only_given_for_codes_that_exist() {
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let source = include_str!("explain.rs");
        let arms = source.split("fn advice").nth(1).unwrap().split("_ => return None").next().unwrap();
        for quoted in
            arms.split('"').filter(|part| part.len() > 6 && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        {
            assert!(codes.contains(&quoted), "{quoted}");
        }
    }
}
