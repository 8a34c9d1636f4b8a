//! Presales: when a channel sells a session to those who know a code or are of a collective, before or beside its sale to everybody. What a sale does
//! with that is `orders::presales`'.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Offer, Publication};
use crate::ids::CollectiveId;
use crate::moment::{Timestamp, Window};

/// Presales of one publication at most.
pub const MAX_PRESALES: usize = 20;

/// A window of a publication that is open to some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presale {
    /// Shown to people.
    pub name: String,
    /// When. May begin before the session's sale, and never reaches beyond it.
    pub window: Window,
    /// To whom.
    pub access: Access,
}

/// To whom a presale is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Whoever knows the code.
    Code(PresaleCode),
    /// Who is of the collective.
    Collective(CollectiveId),
}

impl Access {
    /// The collective that it is open to, if it is to one.
    pub const fn collective(&self) -> Option<CollectiveId> {
        match self {
            Self::Code(_) => None,
            Self::Collective(id) => Some(*id),
        }
    }
}

/// The code of a presale, as its manager wrote it. It is shown to managers alone, and never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PresaleCode(String);

impl PresaleCode {
    /// Reads a code: 3 to 64 visible characters; blanks around it do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_visible = |letter: char| letter.is_alphanumeric() || letter.is_ascii_graphic();
        ((3..=64).contains(&text.chars().count()) && text.chars().all(is_visible)).then(|| Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same code: capital and small letters are alike.
    pub fn is(&self, other: &Self) -> bool {
        fn folded(code: &PresaleCode) -> impl Iterator<Item = char> {
            code.0.chars().flat_map(char::to_lowercase)
        }
        folded(self).eq(folded(other))
    }
}

impl fmt::Debug for PresaleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresaleCode(..)")
    }
}

impl Offer {
    /// The presales of a publication that are not over, each with the window in which it is open: none outlasts the session's sale.
    pub fn presales_left<'a>(&self, publication: &'a Publication, now: Timestamp) -> impl Iterator<Item = (&'a Presale, Window)> + use<'a> {
        let end = self.session.sale.end;
        let within = move |presale: &'a Presale| (presale, Window { end: presale.window.end.min(end), ..presale.window });
        publication.presales.iter().map(within).filter(move |(_, window)| window.start < window.end && now < window.end)
    }

    /// Whether a code opens the publication now.
    pub fn opens_to(&self, publication: &Publication, code: &PresaleCode, now: Timestamp) -> bool {
        self.admits(publication, now, |access| matches!(access, Access::Code(known) if known.is(code)))
    }

    /// Whether a collective opens the publication now.
    pub fn opens_to_collective(&self, publication: &Publication, id: CollectiveId, now: Timestamp) -> bool {
        self.admits(publication, now, |access| *access == Access::Collective(id))
    }

    fn admits(&self, publication: &Publication, now: Timestamp, whom: impl Fn(&Access) -> bool) -> bool {
        self.presales_left(publication, now).any(|(presale, window)| window.contains(now) && whom(&presale.access))
    }
}

#[cfg(test)]
mod tests {
    use super::PresaleCode;

    #[test]
    fn codes_have_a_form() {
        for good in ["FAN", "fan-2031", " FAN2031\t", "ÑANDÚ!", &"x".repeat(64)] {
            assert!(PresaleCode::parse(good).is_some(), "{good}");
        }
        for bad in ["", "FA", "  FA  ", "FAN 2031", "FAN\u{200b}2031", "FAN\u{7}", &"x".repeat(65)] {
            assert!(PresaleCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn capital_and_small_letters_are_alike_and_nothing_else() {
        let is = |a: &str, b: &str| PresaleCode::parse(a).zip(PresaleCode::parse(b)).is_some_and(|(a, b)| a.is(&b));
        assert!(is("FAN2031", " fan2031 ") && is("ÑANDÚ", "ñandú"));
        assert!(!is("FAN2031", "FAN203") && !is("FAN2031", "FAN20311") && !is("FAN2031", "FAM2031"));
    }

    #[test]
    fn a_code_is_not_printed() {
        assert_eq!(format!("{:?}", PresaleCode::parse("FAN2031")), "Some(PresaleCode(..))");
    }
}
