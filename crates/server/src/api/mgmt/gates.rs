//! How the gates of a session work, as management sets it.

use aforo_domain::gates::GateRules;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, clearable};
use super::words;
use crate::http::checks::Checks;
use crate::http::wire::Num;

/// How a session's gates work.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct GatesBody {
    /// Whether a ticket opens them again: `NONE` (at first), `AFTER_EXIT` (once it was seen going out) or `UNLIMITED`.
    reentry: Option<String>,
    /// How often a ticket opens them at most, 1 to 100.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<u32>)]
    max_entries: Clearable<Num>,
    /// How many minutes before the start they open, at most 10 080; always, if it is not there.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<u32>)]
    open_minutes_before: Clearable<Num>,
}

/// How a session's gates work.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GatesView {
    /// `NONE`, `AFTER_EXIT` or `UNLIMITED`.
    reentry: &'static str,
    /// How often a ticket opens them at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_entries: Option<u32>,
    /// How many minutes before the start they open; always, if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_minutes_before: Option<i64>,
}

const MINUTE_MS: i64 = 60_000;
/// A week.
const MAX_MINUTES: u64 = 10_080;

/// What was sent; what it leaves out is as it is.
pub fn read(checks: &mut Checks, body: Option<&GatesBody>, current: Option<GateRules>) -> GateRules {
    let mut rules = current.unwrap_or_default();
    let Some(body) = body else { return rules };
    rules.reentry = checks.one_of("gates.reentry", body.reentry.as_deref(), words::REENTRIES).unwrap_or(rules.reentry);
    if let Some(max) = &body.max_entries {
        rules.max_entries = checks.optional_whole("gates.max_entries", max.as_ref(), 1..=100).map(|max| max as u32);
    }
    if let Some(minutes) = &body.open_minutes_before {
        let minutes = checks.optional_whole("gates.open_minutes_before", minutes.as_ref(), 0..=MAX_MINUTES);
        rules.opens_ms = minutes.map(|minutes| minutes.cast_signed() * MINUTE_MS);
    }
    rules
}

impl GatesView {
    /// As it is.
    pub fn of(rules: &GateRules) -> Self {
        Self {
            reentry: words::show(words::REENTRIES, &rules.reentry),
            max_entries: rules.max_entries,
            open_minutes_before: rules.opens_ms.map(|before| before / MINUTE_MS),
        }
    }
}
