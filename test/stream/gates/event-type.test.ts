import { expect, test } from '@jest/globals';
import { eventTypeReasons } from '../../../stream/gates/event-type.ts';

test.each([
  ['orders.order.created', []],
  ['orders.order_line.payment_received', []],
  ['orders.invoice.paid', []],
  ['orders.order2.sent', []],
  ['orders.order.create', ['EVENT_TYPE_TENSE']],
  ['orders.order.creating', ['EVENT_TYPE_TENSE']],
  ['orders.order.ed', ['EVENT_TYPE_TENSE']],
  ['orders.order.prepaid_card', ['EVENT_TYPE_TENSE']],
  ['billing.invoice.paid', ['EVENT_TYPE_DOMAIN']],
  ['order.order.create', ['EVENT_TYPE_DOMAIN', 'EVENT_TYPE_TENSE']],
  ['OrderCreated', ['EVENT_TYPE_FORM']],
  ['orders.created', ['EVENT_TYPE_FORM']],
  ['orders.order.item.created', ['EVENT_TYPE_FORM']],
  ['orders.Order.created', ['EVENT_TYPE_FORM']],
  ['orders.order-line.created', ['EVENT_TYPE_FORM']],
  ['orders.order__line.created', ['EVENT_TYPE_FORM']],
  ['orders..created', ['EVENT_TYPE_FORM']],
  ['orders.order.created\n', ['EVENT_TYPE_FORM']],
  ['', ['EVENT_TYPE_FORM']],
])('%j', (type, reasons) => {
  expect(eventTypeReasons(type, 'orders.created')).toEqual(reasons);
});
