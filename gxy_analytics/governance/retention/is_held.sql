(
    tenant_id in {held_tenants:Array(String)}
    or (toString(tenant_id), {first_name:Identifier}) in {held_people:Array(Tuple(String, String))}
    or (toString(tenant_id), {second_name:Identifier}) in {held_people:Array(Tuple(String, String))}
    or (toString(tenant_id), {third_name:Identifier}) in {held_people:Array(Tuple(String, String))}
)
