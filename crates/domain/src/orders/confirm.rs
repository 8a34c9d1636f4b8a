//! From basket to tickets: pre-confirm checks everything and gives the code, confirm sells. What pre-confirm accepted, confirm accepts.

use std::cmp::Ordering;
use std::sync::Arc;

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Buyer, History, HistoryEvent, Order, OrderKind, Payment, PaymentRequest, Stage};
use crate::change::Row;
use crate::command::{Done, Planned, Reply, Stop, both};
use crate::customers::Customer;
use crate::error::{Code, Error};
use crate::identity::BuyerField;
use crate::ids::{OrderCode, SessionId};
use crate::money::MAX_MINOR;

impl Desk<'_> {
    /// Checks everything, gives the code and the time to pay; if it is booked, the time that bookings have.
    pub(super) fn accept(&self, order: &Order, booked: bool) -> Planned {
        let Stage::Basket { code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        self.check_sessions(&order.sessions())?;
        self.check_buyer_limit(order)?;
        let barcodes = self.find_barcodes(order)?;
        self.check_all_orphans(order)?;
        if order.is_empty() {
            return Err(Code::OrderWithoutItems.into());
        }
        self.check_buyer_data(order)?;
        self.check_attendees(order)?;
        let expires = if booked { self.bookable(order)? } else { order.payable(self.channel, self.moment.now) };
        self.check_delivery(order)?;
        self.check_insurances(order)?;
        self.check_metadata(order)?;
        self.check_promotions(order)?;
        self.check_products(order)?;
        let vouchers = self.find_vouchers(order)?;
        let code = code.or(self.moment.order_code).ok_or(Stop::NeedOrderCode)?;
        let mut order = Order { stage: Stage::PreConfirm { expires, code, booked }, ..order.clone() };
        let mut draft = Draft::new(self.world);
        draft.count_buyer(&mut order);
        barcodes.reserve(&mut draft, self.moment.now);
        let order = vouchers.reserve(&mut draft, order, self.moment.now);
        Ok(draft.done(order))
    }

    /// `ORDER_BUYER_DATA_REQUIRED` while a mandatory field is empty; the e-mail always is one.
    fn check_buyer_data(&self, order: &Order) -> Result<(), Error> {
        let buyer = order.buyer.as_ref().ok_or(Code::OrderBuyerDataRequired)?;
        let filled = !buyer.email.is_empty() && self.channel.buyer_mandatory.iter().all(|field| has(buyer, *field));
        let filled = filled && !self.channel.buyer_form.lacks(&buyer.fields);
        if filled { Ok(()) } else { Err(Code::OrderBuyerDataRequired.into()) }
    }

    /// Sells: every place sold, every item its ticket, every unit of a product its barcode. After pre-confirm only expiry, status, payment or a cancelled session can refuse.
    pub(super) fn confirm(&self, order: &Arc<Order>, payments: &[PaymentRequest]) -> Planned {
        let payments = in_currency(order, payments)?;
        let code = match &order.stage {
            Stage::PreConfirm { code, .. } => *code,
            // Asked again: the same payments get the same answer.
            Stage::Confirm { payments: paid, .. } if *paid == payments => {
                return Ok(Done { changes: Vec::new(), reply: Reply::Order(order.clone()) });
            }
            _ => return Err(Code::OrderInvalidStatus.into()),
        };
        let over = |session: &SessionId| self.world.session(*session).is_none_or(|(offer, _)| offer.is_cancelled());
        let over: Vec<_> = order.sessions().into_iter().filter(over).collect();
        if !over.is_empty() {
            return Err(refused(Code::SessionNotFound, over).into());
        }
        let paid: i64 = payments.iter().map(|payment| payment.amount).sum();
        match paid.cmp(&order.totals().to_pay()) {
            Ordering::Less => Err(Code::PurchaseNotTotallyPaid.into()),
            Ordering::Greater => Err(Error::invalid(&["payments"]).into()),
            Ordering::Equal => {
                let customer = self.world.buyer_as_customer(order, self.moment.now);
                let (customer, firsts) = both(customer, self.firsts(order))?;
                Ok(self.sell(order, code, payments, customer, &firsts))
            }
        }
    }

    fn sell(&self, order: &Order, code: OrderCode, payments: Vec<Payment>, customer: Option<Customer>, firsts: &[&Arc<Order>]) -> Done {
        let at = self.moment.now;
        let mut chance = self.moment.draw();
        let mut draft = Draft::new(self.world);
        let booked = order.kind() == OrderKind::Booking;
        let mut order = Order { stage: Stage::Confirm { at, code, payments, booked }, ..order.clone() };
        for index in 0..order.items.len() {
            let barcode = draft.use_barcode(&order.items[index]).unwrap_or_else(|| chance.barcode());
            order.items[index].barcode = Some(barcode);
            let item = &order.items[index];
            draft.sell(&order, item);
            if let Some(ticket) = order.ticket(item, at, &self.world.catalogue) {
                draft.put(Row::from(ticket));
            }
        }
        if !firsts.is_empty() {
            self.succeed(&mut draft, &order, code, firsts);
        }
        for unit in order.extras.iter_mut().flat_map(|extras| &mut extras.products) {
            unit.barcode = Some(chance.barcode());
        }
        draft.put_units(&order, at, |_| true);
        if let Some(customer) = customer {
            order = order.with_extras(|extras| extras.customer = Some(customer.id));
            draft.put(Arc::new(customer));
        }
        draft.spend_vouchers(&order, code, at);
        let order = draft.entered(order, self.caller.subject.terminal);
        let tickets = order.items.len() as u32;
        let what = HistoryEvent::Confirmed { totals: order.totals(), currency: order.currency, tickets };
        draft.put(Arc::new(History { order: order.id, number: 1, at, by: self.seller(), what }));
        self.tell_of_sale(&mut draft, &order, code, at);
        draft.done(order)
    }
}

/// Payments in the order's currency: `DIST0004` for too many decimals, `DIST0005` for negative and absurd ones.
pub(super) fn in_currency(order: &Order, payments: &[PaymentRequest]) -> Result<Vec<Payment>, Error> {
    let in_currency = |payment: &PaymentRequest| {
        let amount = order.currency.minor(payment.amount);
        let amount = amount.ok_or_else(|| Error::format("payments.amount", &payment.amount.to_string()))?;
        Ok(Payment { kind: payment.kind, amount, reference: payment.reference.clone() })
    };
    let payments: Vec<_> = payments.iter().map(in_currency).collect::<Result<_, Error>>()?;
    let in_range = payments.iter().all(|payment| (0..=MAX_MINOR).contains(&payment.amount));
    if in_range { Ok(payments) } else { Err(Error::invalid(&["payments.amount"])) }
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
