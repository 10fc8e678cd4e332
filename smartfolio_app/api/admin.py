"""Accounts, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from smartfolio_app.api.dependencies import Admin, Database
from smartfolio_app.api.schemas import Answer, Body, Done
from smartfolio_app.security.recognise import close_ended_sockets
from smartfolio_app.services import accounts

router = APIRouter(prefix="/api/users", tags=["administration"])


class UserOut(Answer):
    """One account."""

    id: str
    name: str
    is_admin: bool
    is_demo: bool
    disabled: bool
    created_at: datetime


class UserIn(Body):
    """An account to create."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1024)]
    admin: bool = False
    currency: Annotated[str, Field(max_length=8)] | None = None
    language: Annotated[str, Field(max_length=8)] | None = None


class UserChange(Body):
    """What to change of an account. A new password signs its devices out, and so does disabling it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    disabled: bool | None = None
    password: Annotated[str, Field(max_length=1024)] | None = None


@router.get("", summary="Every account")
def list_users(_admin: Admin, db: Database) -> list[UserOut]:
    """Return the accounts by name."""
    return [UserOut.model_validate(one) for one in accounts.list_users(db)]


@router.post("", status_code=201, summary="Create an account")
def create_user(admin: Admin, db: Database, body: UserIn) -> UserOut:
    """Create an account that can sign in at once."""
    user = accounts.create_user(
        db,
        body.name,
        body.password,
        admin=body.admin,
        currency=body.currency,
        language=body.language,
        by=admin.name,
    )
    return UserOut.model_validate(user)


@router.patch("/{user_id}", summary="Disable or enable an account, or set its password")
def change_user(admin: Admin, db: Database, user_id: str, body: UserChange) -> UserOut:
    """Change an account. The last administrator cannot be disabled."""
    user = accounts.find_user(db, user_id)
    if body.password is not None:
        accounts.set_password(db, user.id, body.password, by=admin.name)
    if body.disabled is not None:
        (accounts.disable if body.disabled else accounts.enable)(db, user.id, by=admin.name)
    close_ended_sockets()
    return UserOut.model_validate(accounts.find_user(db, user.id))


@router.delete("/{user_id}", summary="Remove an account and everything in it")
def delete_user(admin: Admin, db: Database, user_id: str) -> Done:
    """Remove an account for good."""
    accounts.delete_user(db, user_id, by=admin.name)
    close_ended_sockets()
    return Done()
