//! What is told outside when an order is sold, where its channel wants it told.

use std::sync::Arc;

use super::after::Office;
use super::basket::Desk;
use super::draft::Draft;
use super::transfer::TransferRequest;
use super::{HistoryEvent, Item, Order, Stage};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::ids::{ItemId, OrderCode, OrderId, SessionId};
use crate::messages::{
    About, Affected, CalledOff, Content, Joining, Letter, Loyalty, LoyaltyEvent, LoyaltyRequest, Mail, Sale, SoldItem, SoldProduct,
    Transfer,
};
use crate::moment::Timestamp;
use crate::products::Unit;
use crate::world::World;

impl Desk<'_> {
    /// Tells the loyalty programme and the buyer, as the channel is set.
    pub(super) fn tell_of_sale(&self, draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
        let (about, channel) = (About::Order(order.id), self.channel.id);
        if self.channel.loyalty {
            let event = LoyaltyEvent::Sold(sale(order, code, at));
            draft.send(at, at, about, Content::Loyalty(Box::new(Loyalty { channel, event })));
        }
        if self.channel.mail {
            mail_sale(draft, order, code, at);
        }
    }

    /// Somebody joins the loyalty programme.
    ///
    /// # Errors
    /// `AUTH0027` if the channel has none, then those of the order; `DIST0006` if nobody says who joins.
    pub(super) fn join_loyalty(&self, order: Option<OrderId>, request: &LoyaltyRequest) -> Planned {
        if !self.channel.loyalty {
            return Err(Code::Auth0027.into());
        }
        let order = order.map(|id| self.order(id)).transpose()?;
        let buyer = || order.and_then(|order| order.buyer.clone());
        let customer: Arc<_> = request.customer.clone().or_else(buyer).ok_or(Error::required(&["customer"]))?;
        let about = About::Customer(customer.hash().ok_or(Error::required(&["customer.email"]))?);
        let (program, data) = (request.program.clone(), request.data.clone());
        let joining = Joining { program, customer, order: order.and_then(|order| order.code()), data };
        let loyalty = Box::new(Loyalty { channel: self.channel.id, event: LoyaltyEvent::Joined(joining) });
        if !request.keep {
            return Ok(Done { changes: Vec::new(), reply: Reply::Loyalty(loyalty) });
        }
        let (mut draft, now) = (Draft::new(self.world), self.moment.now);
        let id = draft.send(now, now, about, Content::Loyalty(loyalty));
        Ok(Done { changes: draft.finish(), reply: Reply::Ids(vec![id.0]) })
    }
}

impl Office<'_> {
    /// Tells the buyer of an order what comes back of it, as the channel is set; with a session that was called off, in the letter that says so.
    pub(super) fn tell_of_refund(&self, draft: &mut Draft<'_>, order: &Order, refund: &Order) {
        let Some(letter) = letter(refund) else { return };
        match (self.called_off, letter) {
            (Some(session), Letter::Refunded(_, sale)) => {
                let items: Vec<_> = refund.items.iter().map(|item| item.id).collect();
                self.mail_if_wanted(
                    draft,
                    order,
                    of_session(order, session, &items).map(|one| Letter::CalledOff(one, CalledOff::Refunded(sale))),
                );
            }
            (_, letter) => self.mail_if_wanted(draft, refund, Some(letter)),
        }
    }

    /// Tells the buyer that these items' tickets were cancelled with their session.
    pub(super) fn tell_of_cancellation(&self, draft: &mut Draft<'_>, order: &Order, session: SessionId, items: &[ItemId]) {
        self.mail_if_wanted(draft, order, of_session(order, session, items).map(|one| Letter::CalledOff(one, CalledOff::Cancelled)));
    }

    /// Tells the buyer that the session of these items is at another time than it was.
    pub(super) fn tell_of_postponement(&self, draft: &mut Draft<'_>, order: &Order, session: SessionId, items: &[ItemId], from: Timestamp) {
        self.mail_if_wanted(draft, order, of_session(order, session, items).map(|one| Letter::Postponed(one, from)));
    }

    fn mail_if_wanted(&self, draft: &mut Draft<'_>, order: &Order, letter: Option<Letter>) {
        mail_if_wanted(draft, self.world, order, letter, self.moment.now);
    }

    /// Sends a buyer its letter again, to another address if one is named, whatever the channel's `mail` says: somebody asks for it. The book says where it went.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless the order is in the books; `CONFLICT` if its own is full; `DIST0006` if it has no buyer and no address is named.
    pub(super) fn resend(&self, order: &Order, to: Option<&str>) -> Planned {
        let letter = letter(order).ok_or(Code::OrderInvalidStatus)?;
        let order = order.open_book()?;
        let buyer = order.buyer.as_ref().map(|buyer| buyer.email.trim());
        let to = to.or(buyer).ok_or(Error::required(&["email"]))?.to_owned();
        let mut draft = Draft::new(self.world);
        self.write(&mut draft, &order, HistoryEvent::Resent { to: masked(&to) });
        mail(&mut draft, &order, to, letter, self.moment.now);
        Ok(draft.done(order))
    }

    /// Sends tickets to the person they were given to, with the line of the book that was written last.
    pub(super) fn tell_of_transfer(&self, draft: &mut Draft<'_>, order: &Order, request: &TransferRequest) {
        let Some(code) = order.code() else { return };
        let given = |item: &&Item| request.attendees.iter().any(|attendee| attendee.item == item.id);
        let items = order.items.iter().filter(given).map(sold).collect();
        let transfer = Transfer { code, line: 1 + order.extras().after.lines, name: request.name.clone(), items };
        mail(draft, order, request.to.clone(), Letter::Transferred(transfer), self.moment.now);
    }

    /// Tells the buyer of the places that it has now. It is no sale, so the loyalty programme is told nothing.
    pub(super) fn tell_of_relocation(&self, draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
        let channel = self.world.identity.channels.get(&order.seller.channel);
        if channel.is_some_and(|channel| channel.mail) {
            mail_sale(draft, order, code, at);
        }
    }
}

/// Tells whose booking is let go because a session of it was called off.
pub(super) fn tell_of_release(draft: &mut Draft<'_>, world: &World, order: &Order, session: SessionId, at: Timestamp) {
    let items: Vec<_> = order.items.iter().filter(|item| item.session == session).map(|item| item.id).collect();
    mail_if_wanted(draft, world, order, of_session(order, session, &items).map(|one| Letter::CalledOff(one, CalledOff::Released)), at);
}

fn mail_if_wanted(draft: &mut Draft<'_>, world: &World, order: &Order, letter: Option<Letter>, at: Timestamp) {
    let wanted = world.identity.channels.get(&order.seller.channel).is_some_and(|channel| channel.mail);
    let to = order.buyer.as_ref().map(|buyer| buyer.email.trim().to_owned());
    if let (true, Some(to), Some(letter)) = (wanted, to, letter) {
        mail(draft, order, to, letter, at);
    }
}

/// These items of an order as a letter about a session names them that they are for.
fn of_session(order: &Order, session: SessionId, items: &[ItemId]) -> Option<Affected> {
    let items: Vec<_> = order.items.iter().filter(|item| items.contains(&item.id)).map(sold).collect();
    Some(Affected { code: order.code()?, session, buyer: order.buyer.clone(), items })
}

fn sold(item: &Item) -> SoldItem {
    SoldItem { event: item.event, session: item.session, place: item.place, amount: item.price.total() }
}

fn mail_sale(draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
    if let Some(buyer) = &order.buyer {
        mail(draft, order, buyer.email.trim().to_owned(), Letter::Sold(sale(order, code, at)), at);
    }
}

fn mail(draft: &mut Draft<'_>, order: &Order, to: String, letter: Letter, at: Timestamp) {
    let language = order.buyer.as_ref().and_then(|buyer| buyer.language.as_ref()).unwrap_or(&order.language).clone();
    let mail = Mail { to, language, channel: order.seller.channel, letter };
    draft.send(at, at, About::Order(order.id), Content::Mail(Box::new(mail)));
}

/// An address as the book shows it, which is kept when what is personal of an order is erased.
pub(super) fn masked(address: &str) -> String {
    let (name, domain) = address.rsplit_once('@').unwrap_or_default();
    format!("{}***@{domain}", name.chars().next().map(String::from).unwrap_or_default())
}

/// What the buyer of an order in the books is told of it.
fn letter(order: &Order) -> Option<Letter> {
    match order.stage {
        Stage::Confirm { at, code, .. } => Some(Letter::Sold(sale(order, code, at))),
        Stage::Refund { at, code, of_code, .. } => Some(Letter::Refunded(of_code, sale(order, code, at))),
        Stage::Basket { .. } | Stage::PreConfirm { .. } | Stage::Expired { .. } => None,
    }
}

fn sale(order: &Order, code: OrderCode, at: Timestamp) -> Sale {
    let product = |unit: &Unit| SoldProduct { product: unit.terms.product, amount: unit.terms.price };
    Sale {
        code,
        at,
        currency: order.currency,
        total: order.totals().total(),
        buyer: order.buyer.clone(),
        items: order.items.iter().map(sold).collect(),
        products: order.extras().products.iter().map(product).collect(),
    }
}
