//! Attendees: who comes on each ticket, as far as its event's form asks. Checked against that form when they are said, and for what is mandatory at
//! pre-confirm; an item that goes takes its attendee along.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Item, Order};
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::forms::{Answers, Form};
use crate::ids::ItemId;

/// Who comes on an item's ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Whose.
    pub item: ItemId,
    /// What was filled in of its event's form.
    pub fields: Answers,
}

impl Attendee {
    /// What gates call who comes, if the form asks for a `full_name`, or a `name` or `surname`.
    pub fn full_name(&self) -> Option<Arc<str>> {
        if let Some(name) = self.fields.get("full_name").map(|name| name.trim()).filter(|name| !name.is_empty()) {
            return Some(name.chars().take(200).collect::<String>().into());
        }
        let parts: Vec<_> = ["name", "surname"].iter().filter_map(|key| self.fields.get(*key)).map(|part| part.trim()).collect();
        let name = parts.join(" ");
        (!name.trim().is_empty()).then(|| name.trim().chars().take(200).collect::<String>().into())
    }
}

/// What an order says of an item's attendee.
pub fn of(attendees: &[Attendee], item: ItemId) -> Option<&Attendee> {
    attendees.iter().find(|attendee| attendee.item == item)
}

impl Desk<'_> {
    /// Says who comes on these items, in place of what was said of them before; all or none.
    ///
    /// # Errors
    /// `ORDER_ITEM_INVALID` for items that are not in the order; `DIST0004` and `DIST0005` for what their events' forms do not take.
    pub(super) fn set_attendees(&self, order: &Order, attendees: &[Attendee]) -> Planned {
        let unknown = attendees.iter().filter(|attendee| !order.items.iter().any(|item| item.id == attendee.item));
        let unknown: Vec<_> = unknown.map(|attendee| attendee.item).collect();
        if !unknown.is_empty() {
            return Err(refused(Code::OrderItemInvalid, unknown).into());
        }
        for item in &order.items {
            if let Some(attendee) = of(attendees, item.id) {
                self.form_of(item).unwrap_or(&Form::default()).check("attendees.fields", &attendee.fields)?;
            }
        }
        let order = order.with_extras(|extras| say(&mut extras.attendees, attendees));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `ORDER_ATTENDEE_DATA_REQUIRED` naming the items that lack something mandatory of their event's form.
    pub(super) fn check_attendees(&self, order: &Order) -> Result<(), Error> {
        let nothing = Answers::new();
        let lacks = |item: &&Item| {
            let fields = of(&order.extras().attendees, item.id).map_or(&nothing, |attendee| &attendee.fields);
            self.form_of(item).is_some_and(|form| form.lacks(fields))
        };
        let lacking: Vec<_> = order.items.iter().filter(lacks).map(|item| item.id).collect();
        if lacking.is_empty() { Ok(()) } else { Err(refused(Code::OrderAttendeeDataRequired, lacking)) }
    }

    fn form_of(&self, item: &Item) -> Option<&Form> {
        self.world.catalogue.events.get(&item.event).map(|event| &event.attendee_form)
    }
}

/// Says who comes on these items, in place of what was said of them before.
pub(super) fn say(said: &mut Vec<Attendee>, attendees: &[Attendee]) {
    said.retain(|before| of(attendees, before.item).is_none());
    said.extend(attendees.iter().filter(|attendee| !attendee.fields.is_empty()).cloned());
    said.sort_by_key(|attendee| attendee.item);
}

/// Who still comes once items are gone.
pub(super) fn settle(attendees: &mut Vec<Attendee>, items: &[Item]) {
    attendees.retain(|attendee| items.iter().any(|item| item.id == attendee.item));
}
