"""Composition root: the app is its pages, its REST API and its security, put together here and nowhere else."""

import reflex as rx


def index() -> rx.Component:
    return rx.text("SmartFolio")


app = rx.App()
app.add_page(index, route="/", title="SmartFolio")
