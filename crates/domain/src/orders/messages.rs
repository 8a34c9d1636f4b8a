//! What is told outside when an order is sold, where its channel wants it told.

use std::sync::Arc;

use super::Order;
use super::after::Office;
use super::basket::Desk;
use super::draft::Draft;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::ids::{OrderCode, OrderId};
use crate::messages::{About, Content, Joining, Letter, Loyalty, LoyaltyEvent, LoyaltyRequest, Mail, Sale, SoldItem, SoldProduct};
use crate::moment::Timestamp;
use crate::products::Unit;

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
    /// Tells the buyer of the places that it has now. It is no sale, so the loyalty programme is told nothing.
    pub(super) fn tell_of_relocation(&self, draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
        let channel = self.world.identity.channels.get(&order.seller.channel);
        if channel.is_some_and(|channel| channel.mail) {
            mail_sale(draft, order, code, at);
        }
    }
}

/// The letter about a sale, to its buyer.
fn mail_sale(draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
    let Some(buyer) = &order.buyer else { return };
    let language = buyer.language.as_ref().unwrap_or(&order.language).clone();
    let (to, channel) = (buyer.email.trim().to_owned(), order.seller.channel);
    let mail = Mail { to, language, channel, letter: Letter::Sold(sale(order, code, at)) };
    draft.send(at, at, About::Order(order.id), Content::Mail(Box::new(mail)));
}

fn sale(order: &Order, code: OrderCode, at: Timestamp) -> Sale {
    let item = |item: &super::Item| SoldItem { event: item.event, session: item.session, place: item.place, amount: item.price.total() };
    let product = |unit: &Unit| SoldProduct { product: unit.terms.product, amount: unit.terms.price };
    Sale {
        code,
        at,
        currency: order.currency,
        total: order.totals().total(),
        buyer: order.buyer.clone(),
        items: order.items.iter().map(item).collect(),
        products: order.extras().products.iter().map(product).collect(),
    }
}
