"""Pages below /account/. The names that django-allauth looks up (``account_…``) have no namespace."""

from allauth.account import views as allauth_views
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts import views

own_pages = [
    path("", RedirectView.as_view(pattern_name="accounts:profile"), name="home"),
    path("profile/", views.profile, name="profile"),
    path("tokens/", views.tokens, name="tokens"),
    path("email/verification/", views.send_verification, name="send_verification"),
    path("delete/", views.delete_account, name="delete"),
]

urlpatterns = [
    path("", include((own_pages, "accounts"))),
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("signup/", views.SignUpView.as_view(), name="account_signup"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("email/", views.change_email, name="account_email"),
    path("confirm-email/", allauth_views.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", allauth_views.confirm_email, name="account_confirm_email"),
    path("password/change/", views.change_password, name="account_change_password"),
    path("password/reset/", views.reset_password, name="account_reset_password"),
    path("password/reset/done/", allauth_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
