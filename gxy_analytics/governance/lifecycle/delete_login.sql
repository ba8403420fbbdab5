alter table governance.access_users delete where user_name = {user_name:String}
