//! What is told outside when an order is sold, where its channel wants it told.

use super::Order;
use super::basket::Desk;
use super::draft::Draft;
use crate::ids::OrderCode;
use crate::messages::{About, Content, Letter, Loyalty, LoyaltyEvent, Mail, Sale, SoldItem};
use crate::moment::Timestamp;

impl Desk<'_> {
    /// Tells the loyalty programme and the buyer, as the channel is set.
    pub(super) fn tell_of_sale(&self, draft: &mut Draft<'_>, order: &Order, code: OrderCode, at: Timestamp) {
        let (about, channel) = (About::Order(order.id), self.channel.id);
        if self.channel.loyalty {
            let event = LoyaltyEvent::Sold(sale(order, code, at));
            draft.send(at, at, about, Content::Loyalty(Box::new(Loyalty { channel, event })));
        }
        if self.channel.mail
            && let Some(buyer) = &order.buyer
        {
            let language = buyer.language.as_ref().unwrap_or(&order.language).clone();
            let mail = Mail { to: buyer.email.trim().to_owned(), language, channel, letter: Letter::Sold(sale(order, code, at)) };
            draft.send(at, at, about, Content::Mail(Box::new(mail)));
        }
    }
}

fn sale(order: &Order, code: OrderCode, at: Timestamp) -> Sale {
    let item = |item: &super::Item| SoldItem { event: item.event, session: item.session, place: item.place, amount: item.price.total() };
    Sale {
        code,
        at,
        currency: order.currency,
        total: order.totals().total(),
        buyer: order.buyer.clone(),
        items: order.items.iter().map(item).collect(),
    }
}
