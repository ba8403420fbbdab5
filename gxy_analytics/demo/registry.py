"""A shop's rows in the backend and the keys they were given: catalogue first, then customers and orders as days go by.

Which rows is decided here; how they are written is `backend.py`.
"""

from __future__ import annotations

from gxy_analytics.demo import backend_rows as rows
from gxy_analytics.demo import backend_tables as tables
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.catalogue import Catalogue
from gxy_analytics.demo.orders import Order
from gxy_analytics.demo.shoppers import Shopper
from gxy_analytics.demo.wire import Ids
from gxy_analytics.demo.world import ShopDay


class BackendRegistry:
    """What the backend knows about one simulated shop."""

    def __init__(self, backend: Backend, catalogue: Catalogue) -> None:
        self._backend = backend
        self._shop = catalogue.shop
        self._tenant = backend.tenant_id(self._shop.slug)
        self._products = self._open(catalogue)
        self._customers: dict[str, int] = {}

    @property
    def customers(self) -> int:
        """How many customers the simulation has met."""
        return len(self._customers)

    def record(self, shop_day: ShopDay) -> Ids:
        """Write the day's new customers and its orders with everything that belongs to them; return the keys its events need."""
        self._meet(shop_day)
        orders = self._write_orders(shop_day.orders)
        return Ids(self._products, self._customers, orders)

    def _open(self, catalogue: Catalogue) -> dict[int, int]:
        """Put up the catalogue; returns product index -> products.id."""
        found = self._backend.ensure(tables.CATEGORIES, rows.category_rows(self._tenant, catalogue))
        categories = {str(key[0]): number for key, number in found.items()}
        self._backend.ensure(tables.COUPONS, rows.coupon_rows(self._tenant, catalogue))
        products = self._backend.ensure(tables.PRODUCTS, rows.product_rows(self._tenant, catalogue, categories))
        return {product.index: products[(product.sku,)] for product in catalogue.products}

    def _meet(self, shop_day: ShopDay) -> None:
        """Customers are those who log in, and those who order as themselves by telephone."""
        first_seen: dict[str, tuple[Shopper, int]] = {}
        for order in shop_day.orders:
            if not order.is_guest:
                first_seen[order.shopper.email] = (order.shopper, order.placed_at)
        for event in reversed(shop_day.events):
            if event.user:
                first_seen[event.user.email] = (event.user, event.at_ms // 1000)
        new = [rows.customer_row(self._tenant, *seen) for email, seen in first_seen.items() if email not in self._customers]
        self._customers |= {str(key[0]): number for key, number in self._backend.ensure(tables.CUSTOMERS, new).items()}

    def _write_orders(self, orders: list[Order]) -> dict[str, int]:
        tenant, currency = self._tenant, self._shop.currency
        order_rows = [
            rows.order_row(tenant, order, currency, None if order.is_guest else self._customers[order.shopper.email])
            for order in orders
        ]
        written = self._backend.ensure(tables.ORDERS, order_rows)
        ids = {order.number: written[(order.number,)] for order in orders}
        lines = self._backend.ensure(
            tables.ORDER_ITEMS,
            [row for order in orders for row in rows.line_rows(tenant, order, ids[order.number], self._products)],
        )
        payments = [row for order in orders for row in rows.payment_rows(tenant, order, ids[order.number], currency)]
        shipments = [row for order in orders for row in rows.shipment_rows(tenant, order, ids[order.number])]
        refunds = []
        for order in orders:
            keys = [lines[(ids[order.number], self._products[line.product.index])] for line in order.lines]
            refunds += rows.refund_rows(tenant, order, ids[order.number], keys)
        self._backend.ensure(tables.PAYMENTS, payments)
        self._backend.ensure(tables.SHIPMENTS, shipments)
        self._backend.ensure(tables.REFUNDS, refunds)
        return ids
