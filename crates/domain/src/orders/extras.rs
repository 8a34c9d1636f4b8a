//! What an order may carry beside its places. Most orders of a big morning carry nothing of it, so it is one pointer to them and costs them nothing.
//!
//! What may be carried, and when, is decided by the module of each part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Order;

/// All that an order carries beside its places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Extras {
    /// The channel's own notes (consumer metadata), by key.
    pub metadata: BTreeMap<String, String>,
}

/// What an order without extras carries.
static NOTHING: Extras = Extras { metadata: BTreeMap::new() };

impl Order {
    /// What it carries beside its places.
    pub fn extras(&self) -> &Extras {
        self.extras.as_deref().unwrap_or(&NOTHING)
    }

    /// The same order with something changed in what it carries.
    #[must_use]
    pub fn with_extras(&self, change: impl FnOnce(&mut Extras)) -> Self {
        let mut extras = self.extras().clone();
        change(&mut extras);
        let extras = (extras != NOTHING).then(|| Box::new(extras));
        Self { extras, ..self.clone() }
    }
}
