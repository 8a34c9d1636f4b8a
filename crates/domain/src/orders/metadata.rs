//! Consumer metadata: what a channel notes on an order for itself, by key, within the caps that the channel sets. aforo only keeps it and shows it.

use std::collections::BTreeMap;

use super::Order;
use super::basket::Desk;
use super::draft::Draft;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::MetadataRules;

/// What to do with an order's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataChange {
    /// These keys and no others.
    Replace(BTreeMap<String, String>),
    /// This key has this value.
    Put(String, String),
    /// This key is not there any more.
    Remove(String),
}

impl Desk<'_> {
    pub(super) fn change_metadata(&self, order: &Order, change: &MetadataChange) -> Planned {
        let mut metadata = order.extras().metadata.clone();
        match change {
            MetadataChange::Replace(all) => metadata.clone_from(all),
            MetadataChange::Put(key, value) => drop(metadata.insert(key.clone(), value.clone())),
            MetadataChange::Remove(key) => drop(metadata.remove(key).ok_or(Code::ConsumerMetadataNotFound)?),
        }
        within(&metadata, &self.channel.metadata)?;
        let order = order.with_extras(|extras| extras.metadata = metadata);
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `CONSUMER_METADATA_REQUIRED` while a key that the channel demands is absent.
    pub(super) fn check_metadata(&self, order: &Order) -> Result<(), Error> {
        let missing = |key: &String| !order.extras().metadata.contains_key(key);
        if self.channel.metadata.required.iter().any(missing) { Err(Code::ConsumerMetadataRequired.into()) } else { Ok(()) }
    }
}

/// Whether metadata keeps to the caps, in the order of the catalogue.
fn within(metadata: &BTreeMap<String, String>, rules: &MetadataRules) -> Result<(), Error> {
    let longer = |text: &str, most: u32| text.chars().count() > most as usize;
    if metadata.len() > rules.max_elements as usize {
        return Err(Code::ConsumerMetadataMaxElements.into());
    }
    if metadata.keys().any(|key| longer(key, rules.key_max_length)) {
        return Err(Code::ConsumerMetadataKeyMaxLength.into());
    }
    if metadata.values().any(|value| longer(value, rules.value_max_length)) {
        return Err(Code::ConsumerMetadataValueMaxLength.into());
    }
    Ok(())
}
