//! The error catalogue: one table that yields every code, its HTTP status and its message.
//!
//! It equals `spec/error-codes.tsv` (given, 117 rows) and `spec/own-codes.tsv` (ours), which a test compares row by row. This module knows
//! statuses as numbers but nothing of HTTP bodies: rendering belongs to the server's `http::respond`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A row of the given catalogue.
    Given,
    /// A row of our own.
    Own,
}

macro_rules! catalogue {
    ($($variant:ident, $code:literal, $status:literal, $message:literal, $origin:ident;)*) => {
        /// A code of the error catalogue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code { $(#[doc = $message] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str { match self { $(Code::$variant => $code,)* } }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 { match self { $(Code::$variant => $status,)* } }

            /// The message; each `%s` is a slot that an [`Error`] fills.
            pub const fn message(self) -> &'static str { match self { $(Code::$variant => $message,)* } }

            /// Whether the row was given or is ours.
            pub const fn origin(self) -> Origin { match self { $(Code::$variant => Origin::$origin,)* } }
        }
    };
}

catalogue! {
    Dist0000, "DIST0000", 500, "Generic error, something really wrong happened", Given;
    Dist0001, "DIST0001", 400, "Some parameters are incorrect or invalid", Given;
    Dist0002, "DIST0002", 400, "Request body is incorrect", Given;
    Dist0003, "DIST0003", 415, "Content-Type must be application/json", Given;
    Dist0004, "DIST0004", 400, "Invalid '%s' format: '%s'", Given;
    Dist0005, "DIST0005", 400, "Invalid parameter(s): '%s'", Given;
    Dist0006, "DIST0006", 400, "Parameter(s) required: '%s'", Given;
    ForbiddenResource, "FORBIDDEN_RESOURCE", 403, "Denied for permissions. The user does not have required role", Given;
    InvalidAuthClientId, "INVALID_AUTH_CLIENT_ID", 403, "Client ID not allowed", Given;
    Auth0001, "AUTH0001", 403, "User not found", Given;
    Auth0002, "AUTH0002", 403, "Password incorrect", Given;
    Auth0003, "AUTH0003", 403, "User is not from channel entity", Given;
    Auth0004, "AUTH0004", 403, "Channel ID is required", Given;
    Auth0005, "AUTH0005", 403, "Channel not found", Given;
    Auth0006, "AUTH0006", 403, "Channel inactive", Given;
    Auth0007, "AUTH0007", 403, "Channel entity not found", Given;
    Auth0008, "AUTH0008", 403, "Channel entity inactive", Given;
    Auth0009, "AUTH0009", 403, "Channel operator not found", Given;
    Auth0010, "AUTH0010", 403, "Channel operator inactive", Given;
    Auth0011, "AUTH0011", 403, "Terminal is required", Given;
    Auth0012, "AUTH0012", 403, "Terminal license is required", Given;
    Auth0013, "AUTH0013", 403, "Terminal not found", Given;
    Auth0014, "AUTH0014", 403, "Terminal inactive", Given;
    Auth0015, "AUTH0015", 403, "Terminal license incorrect", Given;
    Auth0016, "AUTH0016", 403, "Terminal license inactive", Given;
    Auth0017, "AUTH0017", 403, "Terminal license expired", Given;
    Auth0018, "AUTH0018", 403, "Terminal is not from channel entity or channel operator", Given;
    Auth0019, "AUTH0019", 403, "Point of sale ID is required", Given;
    Auth0020, "AUTH0020", 403, "Point of sale not found", Given;
    Auth0021, "AUTH0021", 403, "Point of sale inactive", Given;
    Auth0022, "AUTH0022", 403, "Point of sale is not from channel entity", Given;
    Auth0023, "AUTH0023", 403, "Token has not valid role", Given;
    Auth0024, "AUTH0024", 403, "User has not valid role", Given;
    Auth0025, "AUTH0025", 403, "User inactive", Given;
    Auth0026, "AUTH0026", 403, "Channel operator not allowed to operate in secondary market", Given;
    Auth0027, "AUTH0027", 403, "User has not permission", Given;
    Mkt0001, "2MKT0001", 404, "Ticket not found", Given;
    Mkt0002, "2MKT0002", 409, "Ticket sold by another entity", Given;
    Mkt0006, "2MKT0006", 409, "This ticket is for another session", Given;
    Mkt0007, "2MKT0007", 409, "Ticket already cancelled & reissued", Given;
    Mkt0008, "2MKT0008", 409, "Ticket status is %s", Given;
    Mkt0009, "2MKT0009", 409, "Order type is %s", Given;
    Mkt0010, "2MKT0010", 409, "Order status is %s", Given;
    Mkt0011, "2MKT0011", 409, "Product type is %s", Given;
    Mkt0012, "2MKT0012", 409, "Ticket has access validations registered", Given;
    Mkt0013, "2MKT0013", 409, "Session is not ready", Given;
    Mkt0014, "2MKT0014", 409, "Event is not ready", Given;
    Mkt00118, "2MKT00118", 409, "The event is not published in this channel", Given;
    Mkt0015, "2MKT0015", 409, "Ticket already registered to be cancelled & reissued. Barcode: %s", Given;
    Mkt0016, "2MKT0016", 409, "Ticket is not registered to be cancelled & reissued. Barcode: %s", Given;
    Mkt0017, "2MKT0017", 409, "Ticket not belongs this barcode", Given;
    Mkt0025, "2MKT0025", 400, "Ticket currency doesn't match the currency of the order. Barcode: %s", Given;
    Mkt0029, "2MKT0029", 400, "Order total amount lesser than tickets total amount", Given;
    Mkt0034, "2MKT0034", 400, "Invalid language", Given;
    Mkt0035, "2MKT0035", 409, "Cannot obtain new ticket barcode", Given;
    Mkt0036, "2MKT0036", 409, "Barcode status is invalid", Given;
    Mkt0037, "2MKT0037", 400, "There are duplicated barcodes", Given;
    Mkt0038, "2MKT0038", 400, "There are duplicated ticket IDs", Given;
    Mkt0039, "2MKT0039", 404, "Order code not found", Given;
    Mkt0040, "2MKT0040", 409, "Order has not valid tickets", Given;
    Mkt0041, "2MKT0041", 409, "Ticket belongs to a Season", Given;
    Mkt0042, "2MKT0042", 409, "Tickets in request are repeated", Given;
    Mkt0043, "2MKT0043", 409, "Tickets are blocked", Given;
    SecondaryMktSeatNotAvailable, "SECONDARY_MARKET_SEAT_NOT_AVAILABLE", 404, "Requested seats are not currently for sale in the secondary market: might be already sold or currently in a basket", Given;
    SecondaryMktSeatRateNotAvailable, "SECONDARY_MARKET_SEAT_RATE_NOT_AVAILABLE", 412, "The secondary market seat rate is not available anymore", Given;
    SecondaryMktSaleNotEnabled, "SECONDARY_MARKET_SALE_NOT_ENABLED", 412, "The secondary market sale is not enabled", Given;
    Me0001, "ME0001", 409, "Channel Not Found", Given;
    CreateLoyaltyProgramException, "CREATE_LOYALTY_PROGRAM_EXCEPTION", 500, "Error sending loyalty program message to queue", Given;
    VoucherOrderNotFound, "VOUCHER_ORDER_NOT_FOUND", 404, "Voucher order not found", Given;
    VoucherNotFound, "VOUCHER_NOT_FOUND", 404, "Voucher not found", Given;
    VoucherOrderInvalidStatus, "VOUCHER_ORDER_INVALID_STATUS", 403, "Voucher order invalid status", Given;
    VoucherOrderInvalidConfigStatus, "VOUCHER_ORDER_INVALID_CONFIG_STATUS", 409, "Voucher order channel configuration invalid status", Given;
    VoucherOrderInvalidAmount, "VOUCHER_ORDER_INVALID_AMOUNT", 400, "Voucher order item invalid amount", Given;
    VoucherOrderInvalidImage, "VOUCHER_ORDER_INVALID_IMAGE", 400, "Voucher order item invalid email image", Given;
    VoucherOrderInvalidReceiverData, "VOUCHER_ORDER_INVALID_RECEIVER_DATA", 400, "Voucher order email is required for receiver_data", Given;
    VoucherOrderInvalidDeliveryDate, "VOUCHER_ORDER_INVALID_DELIVERY_DATE", 400, "Voucher order delivery date not valid", Given;
    VoucherOrderInvalidPaymentStatus, "VOUCHER_ORDER_INVALID_PAYMENT_STATUS", 403, "Voucher order payment invalid status", Given;
    VoucherCodeInvalid, "VOUCHER_CODE_INVALID", 409, "Voucher code invalid", Given;
    VoucherBalanceEmpty, "VOUCHER_BALANCE_EMPTY", 409, "Voucher balance is 0", Given;
    VoucherGroupCurrencyNotFound, "VOUCHER_GROUP_CURRENCY_NOT_FOUND", 409, "Voucher group currency not found", Given;
    VoucherRetriesLimitExceeded, "VOUCHER_RETRIES_LIMIT_EXCEEDED", 409, "Voucher usage retries limit exceed", Given;
    VoucherCollectiveNotFound, "VOUCHER_COLLECTIVE_NOT_FOUND", 409, "Voucher Collective not found", Given;
    VoucherCurrencyInvalid, "VOUCHER_CURRENCY_INVALID", 409, "Invalid voucher currency", Given;
    OrderNotFound, "ORDER_NOT_FOUND", 404, "Order not found", Given;
    OrderExpired, "ORDER_EXPIRED", 404, "Order expired", Given;
    OrderSeatNotAvailable, "ORDER_SEAT_NOT_AVAILABLE", 409, "Seat not found or available", Given;
    OrderWithoutItems, "ORDER_WITHOUT_ITEMS", 409, "Order without items", Given;
    OrderItemsLimitExceeded, "ORDER_ITEMS_LIMIT_EXCEEDED", 409, "Item limit exceeded", Given;
    OrderPromotionNotFound, "ORDER_PROMOTION_NOT_FOUND", 404, "Promotion not found", Given;
    PromotionCodeLimitReached, "PROMOTION_CODE_LIMIT_REACHED", 409, "Promotion code has reached its limit of uses", Given;
    OrderInvalidPromotion, "ORDER_INVALID_PROMOTION", 400, "Invalid promotion", Given;
    OrderPromotionLimitExceeded, "ORDER_PROMOTION_LIMIT_EXCEEDED", 409, "Promotion limit exceeded", Given;
    OrderPromotionLimitOperationExceeded, "ORDER_PROMOTION_LIMIT_OPERATION_EXCEEDED", 409, "Promotion limit exceeded", Given;
    OrderPromotionPrimaryMktRequired, "ORDER_PROMOTION_PRIMARY_MARKET_REQUIRED", 412, "Promotions requires a primary market locations", Given;
    OrderCollectiveNotFound, "ORDER_COLLECTIVE_NOT_FOUND", 404, "Collective not found", Given;
    OrderInvalidCollective, "ORDER_INVALID_COLLECTIVE", 400, "Invalid collective", Given;
    OrderCollectiveLimitExceeded, "ORDER_COLLECTIVE_LIMIT_EXCEEDED", 409, "Collective limit exceeded", Given;
    OrderInvalidInsurance, "ORDER_INVALID_INSURANCE", 404, "Invalid insurance", Given;
    OrderInvalidDeliveryMethod, "ORDER_INVALID_DELIVERY_METHOD", 404, "Invalid delivery method", Given;
    OrderBuyerDataRequired, "ORDER_BUYER_DATA_REQUIRED", 409, "Buyer data is not filled", Given;
    OrderItemInvalid, "ORDER_ITEM_INVALID", 409, "Invalid order item", Given;
    OrderAttendeeDataRequired, "ORDER_ATTENDEE_DATA_REQUIRED", 409, "Attendee data is not filled", Given;
    OrderBookingNotAllowed, "ORDER_BOOKING_NOT_ALLOWED", 409, "BOOKING type is not allowed", Given;
    SessionNotFound, "SESSION_NOT_FOUND", 404, "Session not found", Given;
    SessionSalesLimitExceeded, "SESSION_SALES_LIMIT_EXCEEDED", 409, "Session sales limit exceeded", Given;
    OrderInvalidStatus, "ORDER_INVALID_STATUS", 409, "The order must be in pre-confirm status", Given;
    OrphanSeat, "ORPHAN_SEAT", 409, "Unavailable seat due to orphan seat check", Given;
    ChannelFormNotFound, "CHANNEL_FORM_NOT_FOUND", 404, "Channel from descriptor not found", Given;
    PromotionNotFound, "PROMOTION_NOT_FOUND", 404, "Promotion not found", Given;
    PromotionRequired, "PROMOTION_REQUIRED", 409, "Promotion is required", Given;
    ConsumerMetadataNotFound, "CONSUMER_METADATA_NOT_FOUND", 404, "Consumer Metadata not found", Given;
    ConsumerMetadataRequired, "CONSUMER_METADATA_REQUIRED", 409, "Consumer Metadata required", Given;
    ConsumerMetadataMaxElements, "CONSUMER_METADATA_MAX_ELEMENTS", 409, "Consumer Metadata items limit exceeded", Given;
    ConsumerMetadataKeyMaxLength, "CONSUMER_METADATA_KEY_MAX_LENGTH", 409, "Consumer Metadata key length exceeded", Given;
    ConsumerMetadataValueMaxLength, "CONSUMER_METADATA_VALUE_MAX_LENGTH", 409, "Consumer Metadata value length exceeded", Given;
    ClientDataInvalidPostalCode, "CLIENT_DATA_INVALID_POSTAL_CODE", 409, "Client data invalid Postal Code", Given;
    PurchaseNotTotallyPaid, "PURCHASE_NOT_TOTALLY_PAID", 409, "Purchase has not been totally paid", Given;
    Unauthorized, "AUTH001", 401, "Invalid JWT signature", Own;
    ProductStateInvalid, "PRODUCT_STATE_INVALID", 409, "Product state invalid", Own;
    IdempotencyKeyReused, "IDEMPOTENCY_KEY_REUSED", 422, "Idempotency-Key was used with another request", Own;
    IdempotencyInProgress, "IDEMPOTENCY_IN_PROGRESS", 409, "A request with this Idempotency-Key is in progress", Own;
    NotFound, "NOT_FOUND", 404, "Not found", Own;
    Conflict, "CONFLICT", 409, "Conflict with the current state of the resource", Own;
    MethodNotAllowed, "METHOD_NOT_ALLOWED", 405, "Method not allowed", Own;
    TooManyRequests, "TOO_MANY_REQUESTS", 429, "Too many requests", Own;
    Overloaded, "OVERLOADED", 503, "The service is overloaded", Own;
}

/// The id of one thing that a request named and that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailId {
    /// A numeric id: seat, item, ticket.
    Number(u64),
    /// A textual one: barcode, order code.
    Text(String),
}

impl From<u64> for DetailId {
    fn from(id: u64) -> Self {
        Self::Number(id)
    }
}

/// A refusal: what the client is told, and what only the log is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The row of the catalogue.
    pub code: Code,
    /// What fills the message's `%s` slots, in order.
    pub fill: Vec<String>,
    /// All refused ids, where several things were named and some refused.
    pub details: Vec<DetailId>,
    /// Context for the log; never leaves the server.
    pub context: Cow<'static, str>,
}

impl Error {
    /// An error without slots or details.
    pub const fn new(code: Code) -> Self {
        Self { code, fill: Vec::new(), details: Vec::new(), context: Cow::Borrowed("") }
    }

    /// An error whose message has slots.
    pub fn filled<I: IntoIterator<Item = S>, S: Into<String>>(code: Code, fill: I) -> Self {
        Self { fill: fill.into_iter().map(Into::into).collect(), ..Self::new(code) }
    }

    /// `DIST0004`: one value has the wrong form.
    pub fn format(name: &str, value: &str) -> Self {
        Self::filled(Code::Dist0004, [name, value])
    }

    /// `DIST0005`: values outside their allowed set or range, all named.
    pub fn invalid(names: &[&str]) -> Self {
        Self::filled(Code::Dist0005, [names.join(", ")])
    }

    /// `DIST0006`: required parameters that are missing, all named.
    pub fn required(names: &[&str]) -> Self {
        Self::filled(Code::Dist0006, [names.join(", ")])
    }

    /// The same error with the ids that were refused.
    pub fn with_details<I: IntoIterator<Item = D>, D: Into<DetailId>>(mut self, ids: I) -> Self {
        self.details = ids.into_iter().map(Into::into).collect();
        self
    }

    /// The same error with a note for the log.
    pub fn because(mut self, context: impl Into<Cow<'static, str>>) -> Self {
        self.context = context.into();
        self
    }

    /// The message with its slots filled, in order.
    pub fn message(&self) -> String {
        let mut parts = self.code.message().split("%s");
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut fill = self.fill.iter();
        for part in parts {
            text.push_str(fill.next().map(String::as_str).unwrap_or_default());
            text.push_str(part);
        }
        text
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code.as_str(), self.message())?;
        if self.context.is_empty() { Ok(()) } else { write!(f, " ({})", self.context) }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::{Code, Error, Origin};

    #[test]
    fn the_table_equals_the_given_files() {
        let files =
            [(include_str!("../../../spec/error-codes.tsv"), Origin::Given), (include_str!("../../../spec/own-codes.tsv"), Origin::Own)];
        for (text, origin) in files {
            let given: Vec<_> = text.lines().skip(1).map(str::to_owned).collect();
            let table: Vec<_> = Code::ALL
                .iter()
                .filter(|code| code.origin() == origin)
                .map(|code| format!("{}\t{}\t{}", code.as_str(), code.status(), code.message()))
                .collect();
            assert_eq!(table, given);
        }
        assert_eq!(Code::ALL.iter().filter(|code| code.origin() == Origin::Given).count(), 117);
    }

    #[test]
    fn slots_are_filled_in_order() {
        assert_eq!(Error::format("start", "soon").message(), "Invalid 'start' format: 'soon'");
        assert_eq!(Error::invalid(&["limit", "offset"]).message(), "Invalid parameter(s): 'limit, offset'");
    }
}
