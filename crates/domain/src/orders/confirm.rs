//! From basket to tickets: pre-confirm checks everything and gives the code, confirm sells. What pre-confirm accepted, confirm accepts.

use std::sync::Arc;

use super::basket::Desk;
use super::draft::Draft;
use super::{Buyer, History, HistoryEvent, Order, Payment, Stage, Ticket, TicketState};
use crate::catalogue::Readiness;
use crate::change::Row;
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::BuyerField;

impl Desk<'_> {
    /// Checks everything, gives the code and the time to pay.
    pub(super) fn pre_confirm(&self, order: &Order) -> Planned {
        let Stage::Basket { code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        if order.items.is_empty() {
            return Err(Code::OrderWithoutItems.into());
        }
        for item in &order.items {
            self.offer(item)?;
        }
        self.check_buyer_limit(order)?;
        self.check_all_orphans(order)?;
        self.check_buyer_data(order)?;
        let code = code.or(self.moment.order_code).ok_or(Stop::NeedOrderCode)?;
        let mut draft = Draft::new(self.world);
        draft.count_buyer(order, 1);
        let expires = self.moment.now.plus_ms(self.channel.payment_ms);
        Ok(draft.done(Order { stage: Stage::PreConfirm { expires, code }, ..order.clone() }))
    }

    /// `ORDER_BUYER_DATA_REQUIRED` while a mandatory field is empty; the e-mail always is one.
    fn check_buyer_data(&self, order: &Order) -> Result<(), Error> {
        let buyer = order.buyer.as_ref().ok_or(Code::OrderBuyerDataRequired)?;
        let filled = !buyer.email.is_empty() && self.channel.buyer_mandatory.iter().all(|field| has(buyer, *field));
        if filled { Ok(()) } else { Err(Code::OrderBuyerDataRequired.into()) }
    }

    /// Sells: every place sold, every item its ticket.
    pub(super) fn confirm(&self, order: &Arc<Order>, payments: &[Payment]) -> Planned {
        let code = match &order.stage {
            Stage::PreConfirm { code, .. } => *code,
            // Asked again: the same payments get the same answer.
            Stage::Confirm { payments: paid, .. } if paid == payments => {
                return Ok(Done { changes: Vec::new(), reply: Reply::Order(order.clone()) });
            }
            _ => return Err(Code::OrderInvalidStatus.into()),
        };
        for item in &order.items {
            let cancelled = |(offer, _): (&Arc<crate::catalogue::Offer>, _)| offer.session.readiness == Readiness::Cancelled;
            if self.world.session(item.session).is_none_or(cancelled) {
                return Err(Code::SessionNotFound.into());
            }
        }
        let paid: i64 = payments.iter().map(|payment| payment.amount).sum();
        match paid.cmp(&order.totals().to_pay()) {
            std::cmp::Ordering::Less => return Err(Code::PurchaseNotTotallyPaid.into()),
            std::cmp::Ordering::Greater => return Err(Error::invalid(&["payments"]).into()),
            std::cmp::Ordering::Equal => {}
        }
        let at = self.moment.now;
        let mut chance = self.moment.draw();
        let mut draft = Draft::new(self.world);
        let mut order = Order { stage: Stage::Confirm { at, code, payments: payments.to_vec() }, ..Order::clone(order) };
        for index in 0..order.items.len() {
            let barcode = chance.barcode();
            order.items[index].barcode = Some(barcode);
            let item = &order.items[index];
            draft.sell(&order, item);
            let ticket =
                Ticket { id: item.id, order: order.id, code, session: item.session, place: item.place, barcode, state: TicketState::Valid };
            draft.put(Row::from(ticket));
        }
        let tickets = order.items.len() as u32;
        let what = HistoryEvent::Confirmed { totals: order.totals(), currency: order.currency, tickets };
        draft.put(Arc::new(History { order: order.id, number: 1, at, by: order.seller.as_ref().clone(), what }));
        Ok(draft.done(order))
    }
}

fn has(buyer: &Buyer, field: BuyerField) -> bool {
    let value = match field {
        BuyerField::Email => return !buyer.email.is_empty(),
        BuyerField::Name => &buyer.name,
        BuyerField::Surname => &buyer.surname,
        BuyerField::Phone => &buyer.phone,
        BuyerField::IdNumber => &buyer.id_number,
        BuyerField::Address => &buyer.address,
        BuyerField::City => &buyer.city,
        BuyerField::PostalCode => &buyer.postal_code,
        BuyerField::Country => &buyer.country,
    };
    value.as_ref().is_some_and(|value| !value.is_empty())
}
