//! What time does to orders, voucher orders among them: the tick that releases what is due and forgets what may be forgotten, a bounded number at a time.

use super::draft::Draft;
use crate::change::{Change, Key};
use crate::command::{Done, Reply};
use crate::moment::Moment;
use crate::voucher_orders::sell;
use crate::world::{ShortLived, World};

/// Releases and forgets at most `limit` of each kind.
pub fn tick(world: &World, moment: &Moment, limit: usize) -> Done {
    let mut draft = Draft::new(world);
    for order in world.due(moment.now).take(limit) {
        draft.expire(order, moment.now);
    }
    for id in world.forgettable(moment.now).take(limit) {
        draft.delete(Key::Order(id));
    }
    for over in world.short_lived(moment.now).take(limit) {
        draft.delete(match over {
            ShortLived::Tries(subject) => Key::Tries(subject),
            ShortLived::Family(family) => Key::Family(family),
        });
    }
    sell::tick(world, &mut draft, moment.now, limit);
    let mut changes = draft.finish();
    changes.extend(world.outcome_marks().forgettable(moment.now, limit).map(Change::ForgetOutcomes));
    Done { changes, reply: Reply::Done }
}
