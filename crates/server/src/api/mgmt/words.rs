//! The words of management's enumerations on the wire, each table once, for reading and for showing.

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::EventKind;
use aforo_domain::gates::Reentry;
use aforo_domain::identity::{BuyerField, ChannelKind, Permission, Role, Scope, Scopes, Status};

use crate::http::checks::{Checks, MAX_ELEMENTS};

/// What a status can be set to. Gone is what `DELETE` makes of it, and is never shown.
pub const STATUS: &[(&str, Status)] = &[("ACTIVE", Status::Active), ("INACTIVE", Status::Inactive)];

/// Kinds of channels.
pub const KINDS: &[(&str, ChannelKind)] = &[
    ("WEB", ChannelKind::Web),
    ("BOX_OFFICE", ChannelKind::BoxOffice),
    ("KIOSK", ChannelKind::Kiosk),
    ("B2B", ChannelKind::B2b),
    ("MARKETPLACE", ChannelKind::Marketplace),
];

/// Roles of users and entity keys.
pub const ROLES: &[(&str, Role)] = &[
    ("PLATFORM_ADMIN", Role::PlatformAdmin),
    ("OPERATOR_ADMIN", Role::OperatorAdmin),
    ("EVENT_MANAGER", Role::EventManager),
    ("CHANNEL_MANAGER", Role::ChannelManager),
    ("SELLER", Role::Seller),
    ("AFTER_SALES", Role::AfterSales),
    ("ACCESS_CONTROL", Role::AccessControl),
    ("REPORTS", Role::Reports),
];

/// Permissions of users.
pub const PERMISSIONS: &[(&str, Permission)] = &[
    ("REFUND", Permission::Refund),
    ("BOOKING", Permission::Booking),
    ("BLOCK_SEATS", Permission::BlockSeats),
    ("CANCEL_AND_REISSUE", Permission::CancelAndReissue),
    ("OVERRIDE_ORPHAN_SEATS", Permission::OverrideOrphanSeats),
    ("INVITATIONS", Permission::Invitations),
];

/// Where sessions have their tickets' barcodes from.
pub const BARCODES: &[(&str, BarcodeSource)] = &[("GENERATED", BarcodeSource::Generated), ("IMPORTED", BarcodeSource::Imported)];

/// Whether tickets open a session's gates again.
pub const REENTRIES: &[(&str, Reentry)] = &[("NONE", Reentry::Once), ("AFTER_EXIT", Reentry::AfterExit), ("UNLIMITED", Reentry::Unlimited)];

/// What an event's sessions are.
pub const EVENT_KINDS: &[(&str, EventKind)] = &[("NORMAL", EventKind::Normal), ("ACTIVITY", EventKind::Activity)];

/// Fields of a channel's buyer form.
pub const BUYER_FIELDS: &[(&str, BuyerField)] = &[
    ("EMAIL", BuyerField::Email),
    ("NAME", BuyerField::Name),
    ("SURNAME", BuyerField::Surname),
    ("PHONE", BuyerField::Phone),
    ("ID_NUMBER", BuyerField::IdNumber),
    ("ADDRESS", BuyerField::Address),
    ("CITY", BuyerField::City),
    ("POSTAL_CODE", BuyerField::PostalCode),
    ("COUNTRY", BuyerField::Country),
];

/// A value's word.
pub fn show<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

/// Values' words.
pub fn show_all<T: PartialEq>(table: &[(&'static str, T)], values: &[T]) -> Vec<&'static str> {
    values.iter().map(|value| show(table, value)).collect()
}

/// Reads words of a table; a word that is not in it is `DIST0005` under the list's name.
pub fn read_all<T: Copy>(checks: &mut Checks, name: &str, words: Option<&[String]>, table: &[(&str, T)]) -> Option<Vec<T>> {
    let words = words?;
    if words.len() > MAX_ELEMENTS {
        checks.bad_value(name);
        return None;
    }
    Some(words.iter().filter_map(|word| checks.one_of(name, Some(word), table)).collect())
}

/// Reads names of scopes.
pub fn read_scopes(checks: &mut Checks, names: Option<&[String]>) -> Option<Scopes> {
    let scopes = Scopes::parse(&names?.join(" "));
    if scopes.is_none() {
        checks.bad_value("scopes");
    }
    scopes
}

/// Scopes' names.
pub fn show_scopes(scopes: Scopes) -> Vec<&'static str> {
    Scope::ALL.iter().filter(|(scope, _)| scopes.has(*scope)).map(|(_, name)| *name).collect()
}
