"""SmartBill El Salvador (api.smartbill.lat) and the tax authority's rules behind it."""
